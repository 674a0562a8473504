//! Tokens that stand for card numbers.

mod memory;

use thiserror::Error;

pub use memory::MemoryTokenizer;

use super::Pan;
use crate::PaymentError;
use crate::gateway::CardToken;

/// Keeps card numbers, and gives out tokens for them.
///
/// Whatever implements it holds card data and is in scope of PCI DSS, and so is every process that asks it
/// for a number; the rest of a system handles tokens and is not. Best is a gateway's own vault, so that no
/// number reaches you: this trait is for those who must take numbers in (telephone orders, a migration), and
/// for tests.
///
/// **The same card gives the same token**, as long as the vault keeps it. That is what lets everybody else
/// work without the number: a refund finds its payment, velocity rules count a card's payments, a customer
/// sees a saved card once. It also tells whoever may call `tokenize` whether a number is known, so that call
/// is to be guarded as the numbers are. A token must say nothing of its number by itself: it is random, or
/// made with a key, never a hash of the number alone, because there are few enough numbers to try them all.
///
/// ```
/// use steadfast_payments::redaction::{MemoryTokenizer, Pan, Tokenizer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let vault = MemoryTokenizer::default();
/// let token = vault.tokenize("4111 1111 1111 1111".parse::<Pan>()?).await?;
///
/// let again = vault.tokenize("4111111111111111".parse::<Pan>()?).await?;
/// assert_eq!(token, again);
/// let pan = vault.detokenize(&token).await?;
/// assert_eq!(pan.last_four(), "1111");
/// # Ok(())
/// # }
/// ```
pub trait Tokenizer: Clone + Send + Sync + 'static {
    /// A token for this card.
    ///
    /// # Errors
    /// [`TokenizerError::Full`] or [`TokenizerError::Unavailable`].
    ///
    /// See [`Tokenizer`] for an example.
    fn tokenize(&self, pan: Pan) -> impl Future<Output = Result<CardToken, TokenizerError>> + Send;

    /// The card that this token stands for.
    ///
    /// # Errors
    /// [`TokenizerError::Unknown`] or [`TokenizerError::Unavailable`].
    ///
    /// See [`Tokenizer`] for an example.
    fn detokenize(&self, token: &CardToken) -> impl Future<Output = Result<Pan, TokenizerError>> + Send;
}

/// Why there is no token, or no card for one. Neither is in it.
///
/// ```
/// use steadfast_payments::redaction::{MemoryTokenizer, Tokenizer, TokenizerError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let refused = MemoryTokenizer::default().detokenize(&"tok_unheard_of".parse()?).await;
/// assert!(matches!(refused, Err(TokenizerError::Unknown)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// No card is kept under this token. Another vault may have made it, or its card was deleted.
    #[error("the vault knows no card by this token: it is another vault's, or the card was deleted")]
    Unknown,
    /// There is no room for another card.
    #[error("the vault is full: it keeps {max_cards} cards, and forgets none that somebody may hold a token of")]
    Full {
        /// How many cards it keeps.
        max_cards: usize,
    },
    /// The vault could not be asked, or could not answer.
    #[error("the vault gives no answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A token that the vault does not know is an invalid request: it will be unknown at every try. A vault that
/// is full or gives no answer has done nothing, and no money has moved: that may be tried again. What
/// stands behind [`Unavailable`](TokenizerError::Unavailable) is not repeated: it may name the vault's address.
///
/// ```
/// use steadfast_payments::PaymentError;
/// use steadfast_payments::redaction::TokenizerError;
///
/// let unknown = PaymentError::from(TokenizerError::Unknown);
/// assert_eq!((unknown.code(), unknown.http_status()), ("invalid_request", 422));
/// let full = PaymentError::from(TokenizerError::Full { max_cards: 1 });
/// assert_eq!((full.code(), full.http_status()), ("network_error", 503));
/// ```
impl From<TokenizerError> for PaymentError {
    fn from(error: TokenizerError) -> Self {
        match error {
            TokenizerError::Unknown => {
                Self::InvalidRequest { field: "card".into(), reason: "must be a token that the vault knows".into() }
            }
            TokenizerError::Full { .. } | TokenizerError::Unavailable(_) => {
                Self::Network { detail: error.to_string().into() }
            }
        }
    }
}
