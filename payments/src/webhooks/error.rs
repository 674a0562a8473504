//! Why a delivery is not acted on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use steadfast::idempotent::StoreError;
use steadfast::{Layer, Reason, Rejection};
use thiserror::Error;

use crate::PaymentError;

/// Why a delivery is refused. It names the place and echoes nothing of what stood there.
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::webhooks::{Flaw, Place, Verifier, WebhookError};
///
/// let verifier = Verifier::standard(["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="])?;
/// let headers = [("webhook-id", "evt_17"), ("webhook-timestamp", "+1700000000"), ("webhook-signature", "v1,")];
/// let error = verifier.verify(&headers, "{}", SystemTime::now()).unwrap_err();
///
/// assert!(matches!(
///     error,
///     WebhookError::Malformed { place: Place::Header("webhook-timestamp"), flaw: Flaw::NotDigits }
/// ));
/// assert_eq!(error.to_string(), "the header `webhook-timestamp` is not a whole number of seconds in plain digits");
/// assert_eq!((error.code(), error.status()), ("webhook_malformed", 400));
/// # Ok::<(), steadfast_payments::webhooks::SetupError>(())
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// Something is missing, or is not what the scheme says it is. Nothing was compared.
    #[error("{place} {flaw}")]
    Malformed {
        /// What is meant.
        place: Place,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// No signature is right under any secret: it is forged, was changed on its way (a body that was
    /// parsed and written anew has other bytes), or was signed with another secret.
    #[error(
        "no signature fits: not from this sender, not signed with these secrets, or not the bytes that were signed"
    )]
    WrongSignature,
    /// It was signed longer ago than is tolerated. The signature itself is right.
    #[error("the delivery is too old by {by:?}: it is sent once more by somebody who kept it, or a clock is wrong")]
    TooOld {
        /// How long before now the last moment was at which it was accepted.
        by: Duration,
    },
    /// It was signed further in the future than is tolerated. The signature itself is right.
    #[error("the delivery is from the future by {by:?}: a clock is wrong")]
    TooNew {
        /// How long after now the first moment is at which it is accepted.
        by: Duration,
    },
    /// The same delivery came before: the same id, signed at the same time.
    #[error("the delivery came before; its sender signs a later attempt anew")]
    Replayed,
    /// The memory of deliveries cannot tell. Nothing was accepted; it may be delivered again.
    #[error("the memory of deliveries does not answer: {0}")]
    StoreUnavailable(#[source] StoreError),
    /// The body could not be read to its end. Only the extractor says so.
    #[error("the body could not be read to its end")]
    BodyUnread,
}

impl WebhookError {
    pub(super) const fn header(name: &'static str, flaw: Flaw) -> Self {
        Self::Malformed { place: Place::Header(name), flaw }
    }

    pub(super) const fn body(flaw: Flaw) -> Self {
        Self::Malformed { place: Place::Body, flaw }
    }

    /// A word for it that stays the same: `webhook_malformed`, `webhook_signature_invalid`,
    /// `webhook_too_old`, `webhook_too_new`, `webhook_replayed`, `webhook_store_unavailable` or
    /// `webhook_body_unread`.
    ///
    /// See [`WebhookError`] for an example.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "webhook_malformed",
            Self::WrongSignature => "webhook_signature_invalid",
            Self::TooOld { .. } => "webhook_too_old",
            Self::TooNew { .. } => "webhook_too_new",
            Self::Replayed => "webhook_replayed",
            Self::StoreUnavailable(_) => "webhook_store_unavailable",
            Self::BodyUnread => "webhook_body_unread",
        }
    }

    /// The HTTP status to answer with. None is a 2xx: a sender takes that for "done" and never
    /// delivers the event again.
    ///
    /// | | |
    /// |---|---|
    /// | 400 | malformed, wrongly signed, too old, too new, replayed; or the body ended early |
    /// | 413, 431 | the body, a header is too long |
    /// | 503 | the store does not answer |
    ///
    /// See [`WebhookError`] for an example.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed { place: Place::Body, flaw: Flaw::TooLong { .. } } => 413,
            Self::Malformed { place: Place::Header(_), flaw: Flaw::HeaderTooLong { .. } } => 431,
            Self::StoreUnavailable(_) => 503,
            _ => 400,
        }
    }

    /// Whether the signature is right and the delivery is refused for its time, or because it came
    /// before.
    ///
    /// ```
    /// use steadfast_payments::webhooks::WebhookError;
    /// assert!(WebhookError::Replayed.is_replay() && !WebhookError::WrongSignature.is_replay());
    /// ```
    pub const fn is_replay(&self) -> bool {
        matches!(self, Self::TooOld { .. } | Self::TooNew { .. } | Self::Replayed)
    }
}

/// What is proven to be sent again is a [`WebhookReplay`](PaymentError::WebhookReplay), what is not
/// proven to be sent by the sender a [`WebhookSignature`](PaymentError::WebhookSignature). A store that
/// does not answer is a refusal (503), so that the event is delivered again.
///
/// ```
/// use steadfast_payments::PaymentError;
/// use steadfast_payments::webhooks::WebhookError;
///
/// assert!(matches!(WebhookError::Replayed.into(), PaymentError::WebhookReplay));
/// assert!(matches!(WebhookError::WrongSignature.into(), PaymentError::WebhookSignature));
/// ```
impl From<WebhookError> for PaymentError {
    fn from(error: WebhookError) -> Self {
        let refused = |reason| Rejection::new(Layer::Idempotent, "webhooks", reason).into();
        match error {
            WebhookError::StoreUnavailable(error) if error.is_full() => refused(Reason::StoreFull),
            WebhookError::StoreUnavailable(error) => refused(Reason::StoreUnavailable(Arc::new(error))),
            replayed if replayed.is_replay() => Self::WebhookReplay,
            _ => Self::WebhookSignature,
        }
    }
}

/// What of a delivery an error is about.
///
/// See [`WebhookError`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The header of this name.
    Header(&'static str),
    /// `t` of the header `Stripe-Signature`.
    StripeTimestamp,
    /// The body.
    Body,
    /// The field `id` of the JSON object in the body.
    BodyId,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header `{name}`"),
            Self::StripeTimestamp => f.write_str("`t` of the header `stripe-signature`"),
            Self::Body => f.write_str("the body"),
            Self::BodyId => f.write_str("`id` in the body"),
        }
    }
}

/// What is wrong with a place.
///
/// See [`WebhookError`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// It is not there.
    Missing,
    /// It is there more than once, so nobody can say which one was signed.
    Repeated,
    /// It is there, and empty.
    Empty,
    /// It holds bytes that are no text.
    NotText,
    /// It has more bytes than this.
    TooLong {
        /// How many it may have.
        limit: usize,
    },
    /// A header has more bytes than any that a sender would write.
    HeaderTooLong {
        /// How many it may have.
        limit: usize,
    },
    /// A timestamp that is not plain digits: a sign, a space, a point, a letter.
    NotDigits,
    /// A timestamp that begins with a zero.
    LeadingZero,
    /// A timestamp with more digits than seconds have: most are milliseconds.
    NotSeconds {
        /// How many it may have.
        limit: usize,
    },
    /// A time to sign at that lies before 1970.
    Before1970,
    /// An id with a dot in it: the dot separates what is signed, so the same signature would fit
    /// another id.
    Dot,
    /// An id with a space, a control character, or anything beyond ASCII.
    NotVisibleAscii,
    /// A list of signatures with none that can be read.
    NoSignature,
    /// More signatures than a sender that replaces its secrets would write.
    TooManySignatures {
        /// How many there may be.
        limit: usize,
    },
    /// A body that is no JSON object.
    NotAnObject,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Repeated => f.write_str("is there more than once"),
            Self::Empty => f.write_str("is empty"),
            Self::NotText => f.write_str("is no text"),
            Self::TooLong { limit } | Self::HeaderTooLong { limit } => write!(f, "is longer than {limit}"),
            Self::NotDigits => f.write_str("is not a whole number of seconds in plain digits"),
            Self::LeadingZero => f.write_str("begins with a zero"),
            Self::NotSeconds { limit } => {
                write!(f, "has more than {limit} digits: it counts seconds, not milliseconds")
            }
            Self::Before1970 => f.write_str("would lie before 1970"),
            Self::Dot => f.write_str("has a dot in it, so that what was signed is ambiguous"),
            Self::NotVisibleAscii => f.write_str("has a character that is not visible ASCII"),
            Self::NoSignature => f.write_str("has no signature that can be read under the secrets that are set"),
            Self::TooManySignatures { limit } => write!(f, "has more than {limit} signatures"),
            Self::NotAnObject => f.write_str("is not a JSON object with the text `id` in it"),
        }
    }
}
