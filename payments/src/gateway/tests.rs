use proptest::prelude::*;
use steadfast::idempotent::Recovered;

use super::*;
use crate::{Currency, Money, PaymentError};

fn read(text: &str) -> Result<CardToken, CardTokenError> {
    text.parse()
}

#[test]
fn a_card_number_is_no_token() {
    let numbers = [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111_1111_1111_1111",
        "4111/1111/1111/1111",
        "41-11-11-11-11-11-11-11",
        "378282246310005",
        "card_4111111111111111",
        "tok4111111111111111x",
        "4111111111111111_visa",
        "tok:4111111111111111",
        "%B4111111111111111^DOE/JANE^30121010000000000?",
        "cvv=123",
    ];
    for number in numbers {
        assert_eq!(read(number), Err(CardTokenError::CardData), "{number}");
    }
}

#[test]
fn what_vaults_give_is_a_token() {
    let tokens = [
        "tok_visa",
        "pm_1NyVd2LkdIwHu7ixabcDEFgh",
        "8a8294174b7ecb28014b9699220015ca",
        "tok_1234567812345678",
        "6f2c1a8e-3b7d-4e1f-9a4b-2d5c8e7f1a3b",
        "4111a1111-1111-1111",
    ];
    for token in tokens {
        assert_eq!(read(token).unwrap().as_str(), token);
    }
}

#[test]
fn each_mistake_of_a_token_has_its_own_error() {
    assert_eq!(read(""), Err(CardTokenError::Empty));
    assert_eq!(read(&"x".repeat(256)), Err(CardTokenError::TooLong));
    assert_eq!(read("tok visa"), Err(CardTokenError::NotPlain { at: 3 }));
    assert_eq!(read("tok_é"), Err(CardTokenError::NotPlain { at: 4 }));
    assert_eq!(read("tok\n"), Err(CardTokenError::NotPlain { at: 3 }));
}

#[test]
fn a_token_is_never_printed_and_reads_only_when_it_is_one() {
    let order = Authorize {
        card: read("tok_s3cr3t").unwrap(),
        amount: Money::new(1, Currency::EUR),
        reference: "order-1".to_owned(),
    };
    assert!(!format!("{order:?}").contains("s3cr3t"));
    let json = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<Authorize>(&json).unwrap(), order);
    let wrong = serde_json::from_str::<CardToken>("\"4111111111111111\"").unwrap_err().to_string();
    assert!(wrong.contains("this is card data") && !wrong.contains("4111"), "{wrong}");
}

#[test]
fn a_look_up_says_whether_to_run_again() {
    let held = Authorization { charge: "ch_1".into(), amount: Money::new(5, Currency::EUR) };
    let recovered = |found: LookUp| found.recovered::<Authorization>();
    assert!(matches!(recovered(LookUp::Done(held.clone().into())), Ok(Recovered::Done(found)) if found == held));
    assert!(matches!(recovered(LookUp::Pending), Ok(Recovered::StillUnknown)));
    assert!(matches!(recovered(LookUp::Unheard), Ok(Recovered::NeverHappened)));
    assert!(matches!(recovered(LookUp::Failed(PaymentError::InsufficientFunds)), Ok(Recovered::NeverHappened)));
    let refund = Refunded { refund: "re_1".into(), charge: "ch_1".into(), amount: Money::new(5, Currency::EUR) };
    let error = recovered(LookUp::Done(refund.into())).unwrap_err();
    assert_eq!(error.to_string(), "invalid request, `key`: belongs to a call of another kind");
}

proptest! {
    #[test]
    fn no_text_makes_a_token_panic_and_none_that_is_one_is_masked(text in "\\PC{0,40}|[0-9 -]{10,24}|[a-z_]{0,4}[0-9]{12,19}[a-z_]{0,4}") {
        if let Ok(token) = read(&text) {
            prop_assert_eq!(steadfast::mask::mask(token.as_str()), token.as_str());
        }
    }
}
