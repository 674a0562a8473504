//! Who moves the money: a trait for a gateway's client, and what it takes and answers.
//!
//! [`PaymentGateway`] is what an adapter implements over the client of Stripe, Adyen or a bank. It has
//! the four calls that move money, in parts where wanted, and one that asks what became of an earlier
//! call:
//!
//! | call | what it does | at most |
//! |---|---|---|
//! | [`authorize`](PaymentGateway::authorize) | holds an amount on a card | |
//! | [`capture`](PaymentGateway::capture) | takes what is held, or a part of it | what is held and not captured |
//! | [`void`](PaymentGateway::void) | lets go of what is held | while nothing is captured |
//! | [`refund`](PaymentGateway::refund) | gives back what was taken, or a part of it | what was captured and not refunded |
//! | [`look_up`](PaymentGateway::look_up) | says what became of a call, by its key | |
//!
//! Each call that moves money carries a key, so that one sent twice counts once, and so that its outcome
//! can be asked for. It is the key that [`Claim::downstream_key`] derives from the client's: the same in
//! every attempt and every process. A card is a [`CardToken`] everywhere; there is no way in for its
//! number.
//!
//! With the feature `testing` there is a [`FakeGateway`](fake::FakeGateway): a ledger in memory, answers
//! from a script, and the faults that real gateways have.
//!
//! [`Claim::downstream_key`]: steadfast::idempotent::Claim::downstream_key

mod answer;
#[cfg(feature = "testing")]
pub mod fake;
mod payment_gateway;
mod request;
#[cfg(test)]
mod tests;
mod token;

pub use answer::{Authorization, Captured, ChargeId, Effect, LookUp, Refunded, Voided};
pub use payment_gateway::PaymentGateway;
pub use request::{Authorize, Capture, Refund, Void};
pub use token::{CardToken, CardTokenError};
