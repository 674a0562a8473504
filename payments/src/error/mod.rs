//! Why money did not move, or why nobody can say.
//!
//! [`PaymentError`] is what a function that pays returns. Each case says what is known of the call, and
//! every layer of its stack acts on that: what is tried again, what is kept and replayed, what stays
//! unknown until somebody finds out.
//!
//! | case | kind | [`code`](PaymentError::code) | [`http_status`](PaymentError::http_status) |
//! |---|---|---|---|
//! | [`Network`](PaymentError::Network) | transient | `network_error` | 503 |
//! | [`GatewayTimeout`](PaymentError::GatewayTimeout) | unknown | `gateway_timeout` | 504 |
//! | [`RateLimited`](PaymentError::RateLimited) | transient | `gateway_rate_limited` | 503 |
//! | [`Declined`](PaymentError::Declined) | terminal | `card_declined` | 402 |
//! | [`InsufficientFunds`](PaymentError::InsufficientFunds) | terminal | `insufficient_funds` | 402 |
//! | [`FraudBlocked`](PaymentError::FraudBlocked) | terminal | `fraud_blocked` | 402 |
//! | [`AuthenticationRequired`](PaymentError::AuthenticationRequired) | terminal | `authentication_required` | 402 |
//! | [`InvalidRequest`](PaymentError::InvalidRequest) | terminal | `invalid_request` | 422 |
//! | [`SagaCompensation`](PaymentError::SagaCompensation) | unknown | `saga_compensation_failed` | 500 |
//! | [`WebhookSignature`](PaymentError::WebhookSignature) | terminal | `webhook_signature_invalid` | 400 |
//! | [`WebhookReplay`](PaymentError::WebhookReplay) | terminal | `webhook_replayed` | 400 |
//! | [`Refused`](PaymentError::Refused): the key was used with another payload | refused | `idempotency_conflict` | 422 |
//! | [`Refused`](PaymentError::Refused): a call with the key is running | refused | `idempotency_in_flight` | 409 |
//! | [`Refused`](PaymentError::Refused): any other [`Reason`](steadfast::Reason) | the refusal's | the refusal's | the refusal's |
//!
//! What a gateway said goes into a [`Detail`], which cannot hold a card number; where the customer must
//! go, into a [`ChallengeUrl`], which does not print its path.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::{Failure, Kind};
//! use steadfast_payments::PaymentError;
//!
//! /// What an adapter makes of a gateway's answer.
//! fn failure(status: u16, code: &str, text: &str, retry_after: Option<Duration>) -> PaymentError {
//!     match (status, code) {
//!         (402, "insufficient_funds") => PaymentError::InsufficientFunds,
//!         (402, code) => PaymentError::Declined { code: code.into(), reason: text.into() },
//!         (429, _) => PaymentError::RateLimited { retry_after },
//!         (400..500, _) => PaymentError::InvalidRequest { field: code.into(), reason: text.into() },
//!         // It had the request: nobody can say what it did with it.
//!         _ => PaymentError::GatewayTimeout { detail: text.into() },
//!     }
//! }
//!
//! let declined = failure(402, "do_not_honor", "card 4111 1111 1111 1111 was declined", None);
//! assert_eq!((declined.kind(), declined.code()), (Kind::Terminal, "card_declined"));
//! assert_eq!(declined.to_string(), "declined (do_not_honor): card ************1111 was declined");
//! ```

mod challenge;
mod detail;
mod payment;
mod problem;
#[cfg(test)]
mod tests;

pub use challenge::{ChallengeUrl, ChallengeUrlError};
pub use detail::Detail;
pub use payment::PaymentError;
