use steadfast::{Failure, Kind};

use crate::PaymentError;
use crate::redaction::{MemoryTokenizer, Pan, Tokenizer, TokenizerError, redact};

fn pan(text: &str) -> Pan {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_card_has_one_token_and_the_token_one_card() {
    let vault = MemoryTokenizer::default();
    let token = vault.tokenize(pan("4111111111111111")).await.unwrap();
    let other = vault.tokenize(pan("5555555555554444")).await.unwrap();
    assert_ne!(token, other);
    assert_eq!(vault.clone().tokenize(pan("4111-1111-1111-1111")).await.unwrap(), token);
    let card = vault.detokenize(&token).await.unwrap();
    assert!(card.expose(|digits| digits == "4111111111111111"));
}

#[tokio::test]
async fn another_vault_makes_other_tokens() {
    let (one, two) = (MemoryTokenizer::default(), MemoryTokenizer::default());
    let token = one.tokenize(pan("4111111111111111")).await.unwrap();
    assert_ne!(two.tokenize(pan("4111111111111111")).await.unwrap(), token);
    assert!(matches!(two.detokenize(&token).await, Err(TokenizerError::Unknown)));
}

#[tokio::test]
async fn tokens_can_be_logged() {
    let vault = MemoryTokenizer::default();
    let token = vault.tokenize(pan("4111111111111111")).await.unwrap();
    assert_eq!(redact(token.as_str()), token.as_str());
    assert!(token.as_str().bytes().all(|byte| !byte.is_ascii_digit()));
    assert_eq!(format!("{vault:?}"), "MemoryTokenizer { cards: 1, max_cards: 100000 }");
}

#[tokio::test]
async fn a_full_vault_still_knows_its_cards() {
    let vault = MemoryTokenizer::new(1);
    let token = vault.tokenize(pan("4111111111111111")).await.unwrap();
    let refused = vault.tokenize(pan("5555555555554444")).await.unwrap_err();
    assert!(matches!(refused, TokenizerError::Full { max_cards: 1 }));
    assert!(!refused.to_string().contains("4444"));
    assert_eq!(vault.tokenize(pan("4111111111111111")).await.unwrap(), token);
}

#[test]
fn what_a_vault_says_is_an_error_of_a_payment() {
    let hidden = std::io::Error::other("redis://:hunter2@vault");
    for (error, code, kind) in [
        (TokenizerError::Unknown, "invalid_request", Kind::Terminal),
        (TokenizerError::Full { max_cards: 3 }, "network_error", Kind::Transient),
        (TokenizerError::Unavailable(Box::new(hidden)), "network_error", Kind::Transient),
    ] {
        let told = PaymentError::from(error);
        assert_eq!((told.code(), told.kind()), (code, kind), "{told:?}");
        assert!(!format!("{told:?} {told}").contains("hunter2"));
    }
}
