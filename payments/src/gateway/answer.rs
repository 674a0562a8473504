//! What a gateway answers.

use std::fmt;

use serde::{Deserialize, Serialize};
use steadfast::idempotent::Recovered;

use crate::{Money, PaymentError};

/// The gateway's id of a charge: given with the authorization, asked for by all that follows.
///
/// ```
/// use steadfast_payments::gateway::ChargeId;
/// assert_eq!(ChargeId::from("ch_17").to_string(), "ch_17");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChargeId(Box<str>);

impl ChargeId {
    /// The id, as the gateway writes it.
    ///
    /// ```
    /// use steadfast_payments::gateway::ChargeId;
    /// assert_eq!(ChargeId::from("ch_17").as_str(), "ch_17");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ChargeId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for ChargeId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for ChargeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An amount is held.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The gateway's id of the charge.
    pub charge: ChargeId,
    /// How much is held.
    pub amount: Money,
}

/// An amount was taken.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// Of which charge.
    pub charge: ChargeId,
    /// How much, by this capture.
    pub amount: Money,
}

/// What was held is free again.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// Of which charge.
    pub charge: ChargeId,
    /// How much is no longer held.
    pub amount: Money,
}

/// An amount was given back.
///
/// See [`PaymentGateway`](super::PaymentGateway) for an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// The gateway's id of the refund.
    pub refund: Box<str>,
    /// Of which charge.
    pub charge: ChargeId,
    /// How much, by this refund.
    pub amount: Money,
}

/// What a call did.
///
/// See [`LookUp`] for an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It held an amount.
    Authorized(Authorization),
    /// It took an amount.
    Captured(Captured),
    /// It let go of what was held.
    Voided(Voided),
    /// It gave an amount back.
    Refunded(Refunded),
}

macro_rules! effects {
    ($($answer:ident is $variant:ident,)*) => {$(
        impl From<$answer> for Effect {
            fn from(answer: $answer) -> Self {
                Self::$variant(answer)
            }
        }

        /// The effect itself, where the call had another one.
        impl TryFrom<Effect> for $answer {
            type Error = Effect;

            fn try_from(effect: Effect) -> Result<Self, Effect> {
                match effect {
                    Effect::$variant(answer) => Ok(answer),
                    other => Err(other),
                }
            }
        }
    )*};
}

effects! {
    Authorization is Authorized,
    Captured is Captured,
    Voided is Voided,
    Refunded is Refunded,
}

/// What became of a call, as the gateway knows it.
///
/// ```
/// use steadfast::idempotent::Recovered;
/// use steadfast_payments::gateway::{Authorization, ChargeId, LookUp};
/// use steadfast_payments::{Currency, Money, PaymentError};
///
/// let authorization = Authorization { charge: ChargeId::from("ch_17"), amount: Money::new(1990, Currency::EUR) };
/// let found = LookUp::Done(authorization.clone().into());
///
/// // What the function of `on_unknown = recover = ..` returns.
/// let recovered: Recovered<Authorization> = found.recovered()?;
/// assert!(matches!(recovered, Recovered::Done(found) if found == authorization));
/// # Ok::<(), PaymentError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LookUp {
    /// It did this.
    Done(Effect),
    /// It was answered with this error and did nothing. A second try under the same key is answered in
    /// the same way.
    Failed(PaymentError),
    /// The gateway has the request, and cannot say yet.
    Pending,
    /// The gateway has no such request. Should it still be on its way: it carries the same key as the
    /// next try, so at most one of them counts.
    Unheard,
}

impl LookUp {
    /// The same as the answer of a function that recovers an unknown outcome. A call that failed has
    /// not happened: it runs again under its key, gets its answer, and that is recorded.
    ///
    /// # Errors
    /// [`PaymentError::InvalidRequest`] when the key belongs to another kind of call.
    ///
    /// See [`LookUp`] for an example.
    pub fn recovered<T: TryFrom<Effect>>(self) -> Result<Recovered<T>, PaymentError> {
        match self {
            Self::Done(effect) => T::try_from(effect).map(Recovered::Done).map_err(|_| another_call()),
            Self::Failed(_) | Self::Unheard => Ok(Recovered::NeverHappened),
            Self::Pending => Ok(Recovered::StillUnknown),
        }
    }
}

pub(super) fn another_call() -> PaymentError {
    PaymentError::InvalidRequest { field: "key".into(), reason: "belongs to a call of another kind".into() }
}
