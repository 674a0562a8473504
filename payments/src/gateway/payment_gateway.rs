//! The trait.

use std::future::Future;

use super::{Authorization, Authorize, Capture, Captured, LookUp, Refund, Refunded, Void, Voided};
use crate::PaymentError;

/// A client of a payment gateway.
///
/// # What an implementation must do
///
/// - Send the key along (`Idempotency-Key` at most gateways), so that a call with the same key counts
///   once and is answered as the first one was.
/// - Tell a request that was not sent ([`Network`](PaymentError::Network)) from one that was and got no
///   answer ([`GatewayTimeout`](PaymentError::GatewayTimeout)): the first may be tried again by anybody,
///   the second may have happened. A 500 is the second.
/// - Never let card data through: [`Detail`](crate::error::Detail) masks what the gateway says.
/// - Neither retry nor break the circuit: that is for the stack around the call.
///
/// # Example
///
/// An order is paid: held first, taken when it ships, and a part of it given back.
///
/// ```
/// use steadfast_payments::gateway::{Authorize, Capture, Refund};
/// use steadfast_payments::{Money, PaymentError, PaymentGateway};
///
/// async fn pay(gateway: &impl PaymentGateway, order: Authorize, back: Money) -> Result<(), PaymentError> {
///     let held = gateway.authorize(&order, "order-17.authorize").await?;
///     let capture = Capture { charge: held.charge.clone(), amount: held.amount };
///     gateway.capture(&capture, "order-17.capture").await?;
///     gateway.refund(&Refund { charge: held.charge, amount: back }, "order-17.refund.1").await?;
///     Ok(())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no payment gateway",
    label = "this does not implement `steadfast_payments::PaymentGateway`",
    note = "implement it over your gateway's client; in tests, `steadfast_payments::gateway::fake::FakeGateway` (feature `testing`) is one"
)]
pub trait PaymentGateway: Send + Sync {
    /// Holds an amount on a card.
    ///
    /// # Errors
    /// Every case of [`PaymentError`] that a gateway can cause.
    ///
    /// See [`PaymentGateway`] for an example.
    fn authorize(
        &self,
        request: &Authorize,
        key: &str,
    ) -> impl Future<Output = Result<Authorization, PaymentError>> + Send;

    /// Takes what is held, or a part of it; the rest stays held.
    ///
    /// # Errors
    /// [`InvalidRequest`](PaymentError::InvalidRequest) when less than that is held. Otherwise as
    /// [`authorize`](Self::authorize).
    ///
    /// See [`PaymentGateway`] for an example.
    fn capture(&self, request: &Capture, key: &str) -> impl Future<Output = Result<Captured, PaymentError>> + Send;

    /// Lets go of what is held. Once something was captured, only a refund gives it back.
    ///
    /// # Errors
    /// [`InvalidRequest`](PaymentError::InvalidRequest) when something was captured, or nothing is held.
    /// Otherwise as [`authorize`](Self::authorize).
    ///
    /// See [`PaymentGateway`] for an example.
    fn void(&self, request: &Void, key: &str) -> impl Future<Output = Result<Voided, PaymentError>> + Send;

    /// Gives back what was taken, or a part of it.
    ///
    /// # Errors
    /// [`InvalidRequest`](PaymentError::InvalidRequest) when less than that was captured and is not
    /// refunded. Otherwise as [`authorize`](Self::authorize).
    ///
    /// See [`PaymentGateway`] for an example.
    fn refund(&self, request: &Refund, key: &str) -> impl Future<Output = Result<Refunded, PaymentError>> + Send;

    /// What became of the call with this key: for outcomes that nobody knows here.
    ///
    /// # Errors
    /// When the gateway cannot be asked. The outcome is as unknown as before.
    ///
    /// See [`LookUp`] for an example.
    fn look_up(&self, key: &str) -> impl Future<Output = Result<LookUp, PaymentError>> + Send;
}
