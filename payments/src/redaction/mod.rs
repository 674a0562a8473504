//! Card data never reaches a log.
//!
//! A log line with a card number in it puts everything that holds the log, and everybody who may read it,
//! under PCI DSS. The first defence is to have no number at all: let the gateway's form make tokens, and
//! handle those ([`CardToken`](crate::gateway::CardToken)). This module is for what comes in all the same.
//!
//! | for | there is | on |
//! |---|---|---|
//! | any text | [`redact`] | the masking of [`steadfast::mask`], which says what is found and how; it is the same function, under the name that is looked for here |
//! | JSON, and what serializes | [`redact_json`], [`to_redacted_json`] | names, then contents |
//! | all that is logged | [`Redacted`] (feature `redaction`) | events, spans, errors and their sources, whatever layers listen |
//! | panics | [`install_panic_hook`] | the message, before it is printed |
//! | numbers and codes in your own types | [`Pan`], [`Cvv`] | types that print nothing and serialize to nothing |
//! | numbers that must be kept | [`Tokenizer`] | a token that everybody else works with |
//!
//! # Logging of a payment service
//!
//! Once, when the process begins: filters and layers as you know them, `Redacted` around all of them, the
//! panic hook last.
//!
//! ```
//! use steadfast_payments::redaction::{Cvv, Pan, Redacted, install_panic_hook, to_redacted_json};
//! use tracing_subscriber::layer::SubscriberExt;
//! use tracing_subscriber::{EnvFilter, fmt, registry};
//!
//! fn start_logging() -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
//!     let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
//!     // More layers (files, a collector's) go beside this one: they are told the same.
//!     let layers = registry().with(filter).with(fmt::layer());
//!     tracing::subscriber::set_global_default(Redacted::new(layers))?;
//!     install_panic_hook();
//!     Ok(())
//! }
//!
//! /// From the request's body. It cannot be serialized or cloned, so it goes no further than the vault.
//! #[derive(Debug, serde::Deserialize)]
//! struct NewCard {
//!     number: Pan,
//!     cvv: Cvv,
//! }
//!
//! #[derive(serde::Serialize)]
//! struct Refund<'a> { payment: &'a str, account_password: &'a str, note: &'a str }
//!
//! #[tracing::instrument]
//! fn add_card(card: &NewCard) {
//!     // INFO add_card{card=NewCard { number: Pan(************1111), cvv: Cvv(..) }}: a card ending in 1111
//!     tracing::info!("a card ending in {}", card.number.last_four());
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! start_logging()?;
//! add_card(&serde_json::from_str(r#"{"number": "4111 1111 1111 1111", "cvv": "123"}"#)?);
//!
//! // What others wrote: a driver's error that quotes the statement, a note that somebody typed.
//! tracing::warn!(cvv = 123, body = r#"{"cvc":"123"}"#, "insert failed: (4111111111111111, '12/29')");
//! // WARN insert failed: (************1111, '12/29') cvv="[masked]" body="{\"cvc\":\"[masked]\"}"
//!
//! // What leaves by another way than the log: an audit trail, a ticket, an answer.
//! let refund = Refund { payment: "pi_17", account_password: "hunter2", note: "card 4111-1111-1111-1111" };
//! assert_eq!(
//!     to_redacted_json(&refund)?.to_string(),
//!     r#"{"account_password":"[masked]","note":"card ************1111","payment":"pi_17"}"#
//! );
//! # Ok(())
//! # }
//! ```
//!
//! There is no writer that masks lines once more. It would look at text that was put together from values
//! that are masked already; what is added to them (names, targets, places, times) is part of the program.
//! What does not go through `tracing` ([`println!`], a client that logs by itself) is for [`redact`].
//!
//! # What is not seen
//!
//! - A number that is cut into pieces: over two fields, or into a list of digits.
//! - A number in another writing: encoded, encrypted, in digits that are not ASCII.
//! - A password or a PIN in the middle of a text that does not name it.
//!
//! And what is masked though it is no card's: digits of a card's length, in the range of an issuer, with the
//! right check digit. Of random digits that is one number in 37 with sixteen digits, one in 60 with nineteen,
//! one in 100 with thirteen, and fewer with any other length. UUIDs, times, IMEIs, order ids with a date,
//! amounts, hashes, trace ids, account numbers and phone numbers with their plus are told apart, and stay.

mod cvv;
mod digits;
mod json;
mod number;
mod pan;
mod panic;
#[cfg(test)]
mod tests;
mod tokenizer;
#[cfg(feature = "redaction")]
mod tracing;

#[doc(inline)]
pub use steadfast::mask::{MASKED, is_sensitive_name, mask as redact};

#[cfg(feature = "redaction")]
pub use self::tracing::Redacted;
pub use cvv::{Cvv, CvvError};
pub use json::{NotJson, redact_json, to_redacted_json};
pub use pan::{Pan, PanError};
pub use panic::install_panic_hook;
pub use tokenizer::{MemoryTokenizer, Tokenizer, TokenizerError};
