//! The error of a function that pays.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use steadfast::{Failure, Reason, Rejection};

use super::{ChallengeUrl, Detail};

/// Why money did not move, or why nobody can say whether it did.
///
/// The table of the [module](crate::error) has each case with its kind, its code and its HTTP status.
///
/// With serde it is a map whose `error` names the case by its code:
/// `{"error": "card_declined", "code": "do_not_honor", "reason": ".."}`. That of
/// [`Refused`](Self::Refused) is not written: a refusal says something of this process and this moment,
/// and serializing it is an error. [`#[idempotent]`](macro@steadfast::idempotent) stores the terminal cases
/// and gives them back as they were.
///
/// ```
/// use steadfast::{Failure, Kind};
/// use steadfast_payments::PaymentError;
///
/// let declined = PaymentError::Declined { code: "do_not_honor".into(), reason: "the bank said no".into() };
/// assert_eq!(declined.kind(), Kind::Terminal);
/// assert_eq!((declined.code(), declined.http_status()), ("card_declined", 402));
///
/// let lost = PaymentError::GatewayTimeout { detail: "connection reset after the request".into() };
/// assert_eq!(lost.kind(), Kind::Unknown);
/// ```
#[derive(Clone, Debug, thiserror::Error, Failure, Serialize, Deserialize)]
#[serde(tag = "error")]
#[non_exhaustive]
pub enum PaymentError {
    /// The gateway was not reached, so nothing happened. Only for what failed before the request was
    /// sent: a connection that broke later is a [`GatewayTimeout`](Self::GatewayTimeout).
    #[error("the gateway was not reached: {detail}")]
    #[failure(transient)]
    #[serde(rename = "network_error")]
    Network {
        /// What the client says.
        detail: Detail,
    },
    /// The request was sent and no answer came, or one that says nothing (a 500, a broken connection).
    /// It may have happened: ask under its key ([`PaymentGateway::look_up`](crate::PaymentGateway::look_up)).
    #[error("no answer from the gateway, the outcome is unknown: {detail}")]
    #[failure(unknown)]
    #[serde(rename = "gateway_timeout")]
    GatewayTimeout {
        /// What the client says.
        detail: Detail,
    },
    /// The gateway takes no more of our requests for now, and did nothing with this one.
    #[error("the gateway's limit is reached{}", again(*retry_after))]
    #[failure(transient, retry_after = retry_after)]
    #[serde(rename = "gateway_rate_limited")]
    RateLimited {
        /// How long it asked us to wait, where it did: then this is the pause before the next try.
        retry_after: Option<Duration>,
    },
    /// The card's bank, or the gateway, said no.
    #[error("declined ({code}): {reason}")]
    #[failure(terminal)]
    #[serde(rename = "card_declined")]
    Declined {
        /// The gateway's own code for it: `do_not_honor`, `expired_card`.
        code: Detail,
        /// What it says to whoever reads the log.
        reason: Detail,
    },
    /// The account does not hold as much.
    #[error("declined: insufficient funds")]
    #[failure(terminal)]
    #[serde(rename = "insufficient_funds")]
    InsufficientFunds,
    /// One of our rules blocked the payment, before any call to the gateway. What a client is told
    /// ([`problem`](Self::problem)) is that it was declined: whoever tries stolen cards does not learn
    /// what to go round.
    #[error("blocked by the fraud rule `{rule}`")]
    #[failure(terminal)]
    #[serde(rename = "fraud_blocked")]
    FraudBlocked {
        /// The rule's name.
        rule: String,
    },
    /// The customer must prove who they are first. It is a definite answer: the payment goes on with a
    /// new key, once they have.
    #[error("the customer must authenticate at {challenge}")]
    #[failure(terminal)]
    #[serde(rename = "authentication_required")]
    AuthenticationRequired {
        /// Where.
        challenge: ChallengeUrl,
    },
    /// The request is wrong, and will be at every try: an unknown currency, a refund of more than was
    /// captured, a key that was used for another request.
    #[error("invalid request, `{field}`: {reason}")]
    #[failure(terminal)]
    #[serde(rename = "invalid_request")]
    InvalidRequest {
        /// The part of the request that is wrong.
        field: Detail,
        /// What is wrong with it, as a sentence without its subject: `must be positive`.
        reason: Detail,
    },
    /// A saga can go neither on nor back: a step of it, or the undo of one, failed for good, so what it did is
    /// done in part. An operator has to look.
    ///
    /// Its outcome is unknown, not terminal. Nothing is settled, so nothing may be replayed as settled:
    /// an idempotent call around the saga keeps its key, for however long, and operators find it among
    /// the unknown ones. Once somebody has resolved the saga, `on_unknown = recover = ..` asks its log
    /// and gets the answer.
    #[error(
        "saga `{saga}` is stuck at its step `{step}`, and can go neither on nor back: an operator has to resolve it"
    )]
    #[failure(unknown)]
    #[serde(rename = "saga_compensation_failed")]
    SagaCompensation {
        /// The saga's id.
        saga: String,
        /// The step at which it is stuck: its action, or its undo, failed for good.
        step: String,
    },
    /// A webhook is not from who it says, or was changed on its way.
    #[error("the webhook's signature does not fit")]
    #[failure(terminal)]
    #[serde(rename = "webhook_signature_invalid")]
    WebhookSignature,
    /// A webhook is too old, or from the future: somebody may be sending a genuine one again.
    #[error("the webhook's time is outside of what is accepted")]
    #[failure(terminal)]
    #[serde(rename = "webhook_replayed")]
    WebhookReplay,
    /// A layer of the stack said no, the idempotency record's among them.
    #[error(transparent)]
    #[failure(transparent)]
    #[serde(skip)]
    Refused(#[from] Rejection),
}

fn again(after: Option<Duration>) -> String {
    after.map(|wait| format!(", try again in {wait:?}")).unwrap_or_default()
}

impl PaymentError {
    /// A stable code for logs, dashboards and clients: see the [module](crate::error) for the list. One that is
    /// there is never changed.
    ///
    /// ```
    /// use steadfast::{Layer, Reason, Rejection};
    /// use steadfast_payments::PaymentError;
    ///
    /// let refused = |reason| PaymentError::from(Rejection::new(Layer::Idempotent, "charges.create", reason));
    /// assert_eq!(refused(Reason::Conflict).code(), "idempotency_conflict");
    /// assert_eq!(refused(Reason::MissingKey).code(), "missing_key");
    /// assert_eq!(PaymentError::InsufficientFunds.code(), "insufficient_funds");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Network { .. } => "network_error",
            Self::GatewayTimeout { .. } => "gateway_timeout",
            Self::RateLimited { .. } => "gateway_rate_limited",
            Self::Declined { .. } => "card_declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::FraudBlocked { .. } => "fraud_blocked",
            Self::AuthenticationRequired { .. } => "authentication_required",
            Self::InvalidRequest { .. } => "invalid_request",
            Self::SagaCompensation { .. } => "saga_compensation_failed",
            Self::WebhookSignature => "webhook_signature_invalid",
            Self::WebhookReplay => "webhook_replayed",
            Self::Refused(refused) => match refused.reason() {
                Reason::Conflict => "idempotency_conflict",
                Reason::InFlight { .. } => "idempotency_in_flight",
                _ => refused.code(),
            },
        }
    }

    /// How long a client should wait before it comes again, where that is known: what the gateway asked
    /// for, or a refusal's. (As a [`Failure`] it says what a *retry* may wait for, which a key in
    /// flight is not.)
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_payments::PaymentError;
    ///
    /// let limited = PaymentError::RateLimited { retry_after: Some(Duration::from_secs(2)) };
    /// assert_eq!(limited.retry_after(), Some(Duration::from_secs(2)));
    /// assert_eq!(PaymentError::InsufficientFunds.retry_after(), None);
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => *retry_after,
            Self::Refused(refused) => refused.retry_after(),
            _ => None,
        }
    }

    /// The HTTP status that says the same: see the [module](crate::error) for the list. A limit of the
    /// gateway's is ours to keep, so our client gets a 503 for it, not a 429.
    ///
    /// ```
    /// use steadfast_payments::PaymentError;
    /// assert_eq!(PaymentError::InsufficientFunds.http_status(), 402);
    /// ```
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Network { .. } | Self::RateLimited { .. } => 503,
            Self::GatewayTimeout { .. } => 504,
            Self::Declined { .. }
            | Self::InsufficientFunds
            | Self::FraudBlocked { .. }
            | Self::AuthenticationRequired { .. } => 402,
            Self::InvalidRequest { .. } => 422,
            Self::SagaCompensation { .. } => 500,
            Self::WebhookSignature | Self::WebhookReplay => 400,
            Self::Refused(refused) => refused.status(),
        }
    }
}
