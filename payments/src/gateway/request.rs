//! What a gateway is asked to do.

use serde::{Deserialize, Serialize};

use super::{CardToken, ChargeId};
use crate::Money;

/// Hold an amount on a card.
///
/// ```
/// use steadfast_payments::gateway::Authorize;
/// use steadfast_payments::{Currency, Money};
///
/// let request = Authorize {
///     card: "tok_visa".parse()?,
///     amount: Money::new(1990, Currency::EUR),
///     reference: "order-17".to_owned(),
/// };
/// assert!(!format!("{request:?}").contains("tok_visa"));
/// # Ok::<(), steadfast_payments::gateway::CardTokenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Authorize {
    /// Whose money.
    pub card: CardToken,
    /// How much. It must be more than nothing.
    pub amount: Money,
    /// What it is for, in our own words: an order's number. Reports have it, so reconciliation finds it.
    pub reference: String,
}

/// Take what is held, or a part of it.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capture {
    /// The authorization's charge.
    pub charge: ChargeId,
    /// How much, in the charge's currency. The rest stays held.
    pub amount: Money,
}

/// Let go of what is held.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Void {
    /// The authorization's charge.
    pub charge: ChargeId,
}

/// Give back what was taken, or a part of it.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refund {
    /// The charge that was captured.
    pub charge: ChargeId,
    /// How much, in the charge's currency.
    pub amount: Money,
}
