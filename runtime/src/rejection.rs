//! A refusal: who said no, why, and until when.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use crate::idempotent::{KeyError, Unrecorded};
use crate::kinds::Ending;
use crate::validate::Violations;
use crate::{Failure, Kind, Layer, RecordError, ReplayFailure, Signal};

/// A layer's own answer in place of the function's: who refused, why, and until when.
///
/// Inside a stack it travels beside the function's errors; at the stack's outer edge it becomes
/// one of them, through `From<Rejection>`. An error enum usually has a variant for it:
///
/// ```
/// use steadfast::{Failure, Rejection};
///
/// #[derive(Debug, Failure)]
/// enum PaymentError {
///     #[failure(terminal)]
///     Declined,
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
///
/// impl From<Rejection> for PaymentError {
///     fn from(rejection: Rejection) -> Self {
///         Self::Refused(rejection)
///     }
/// }
/// ```
///
/// `Rejection` is an [`Error`], so `anyhow::Error` and `Box<dyn Error + Send + Sync>` take it
/// without a line of yours. As a [`Failure`](trait@crate::Failure) it is of the kind refused, but
/// for [`Reason::TimedOut`] and [`Reason::Unrecorded`], whose outcome is unknown.
///
/// # As an HTTP response
///
/// [`status`](Self::status), [`code`](Self::code) and [`retry_after`](Self::retry_after) are all that
/// a client needs. The message is for logs: it may have an error of your store in it.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Layer, Reason, Rejection};
///
/// struct Response { status: u16, retry_after: Option<u64>, body: String }
///
/// impl From<&Rejection> for Response {
///     fn from(refused: &Rejection) -> Self {
///         let mut body = serde_json::json!({ "code": refused.code() });
///         if let Reason::Invalid(violations) = refused.reason() {
///             body["violations"] = serde_json::json!(violations); // paths and rules, never values
///         }
///         Self {
///             status: refused.status(),
///             // The header has whole seconds; rounded down, the client would come too early.
///             retry_after: refused.retry_after().map(|wait| wait.as_millis().div_ceil(1000) as u64),
///             body: body.to_string(),
///         }
///     }
/// }
///
/// let retry_after = Duration::from_millis(1500);
/// let refused = Rejection::new(Layer::RateLimit, "gateway", Reason::Limited { retry_after });
/// let response = Response::from(&refused);
/// assert_eq!((response.status, response.retry_after), (429, Some(2)));
/// assert_eq!(response.body, r#"{"code":"rate_limited"}"#);
/// assert_eq!(refused.to_string(), "rate_limit `gateway`: limit reached, try again in 1.5s");
/// ```
#[derive(Clone, Debug)]
pub struct Rejection {
    // Behind a reference: every result that can be a refusal has room for one, and is moved through
    // every layer.
    by: &'static By,
    reason: Reason,
}

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct By {
    layer: Layer,
    name: &'static str,
    /// Whether a limit is not the caller's, but that of what this program calls.
    downstream: bool,
    /// Whether somebody has forced a circuit open.
    forced: bool,
}

impl By {
    /// The one of this layer and name. They are the program's own, so there are few, and each is
    /// made once and kept.
    fn of(by: Self) -> &'static Self {
        static KNOWN: RwLock<BTreeMap<By, &'static By>> = RwLock::new(BTreeMap::new());
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&by) {
            return known;
        }
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(by).or_insert_with(|| Box::leak(Box::new(by)))
    }
}

/// Why a call was refused.
///
/// | reason | [`code`](Rejection::code) | HTTP [`status`](Rejection::status) |
/// |---|---|---|
/// | `Open` | `circuit_open` | 503 |
/// | `Limited` | `rate_limited` | 429; 503 where the limiter is [`downstream`](crate::rate_limit::RateLimiter::downstream) |
/// | `TooCostly` | `too_costly` | 422 |
/// | `Full` | `bulkhead_full` | 503 |
/// | `TimedOut` | `timed_out` | 504 |
/// | `Invalid` | `invalid` | 422 |
/// | `MissingKey` | `missing_key` | 400 |
/// | `InvalidKey` | `invalid_key` | 400 |
/// | `InvalidPayload` | `invalid_payload` | 422 |
/// | `Conflict` | `payload_conflict` | 422 |
/// | `InFlight` | `in_flight` | 409 |
/// | `OutcomeUnknown` | `outcome_unknown` | 409 |
/// | `StoreFull` | `store_full` | 503 |
/// | `StoreUnavailable` | `store_unavailable` | 503 |
/// | `SharedStateUnavailable` | `shared_state_unavailable` | 503 |
/// | `Undecodable` | `record_undecodable` | 500 |
/// | `Unrecorded` | `unrecorded` | 500 |
/// | `DuplicateName` | `duplicate_name` | 500 |
/// | `Fault` | `fault` | 500 |
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Layer, Reason, Rejection};
///
/// /// What a job that gets a refusal does with its task.
/// fn next_try(refused: &Rejection) -> Option<Duration> {
///     match refused.reason() {
///         // The record says what became of it, as soon as the other call has ended.
///         Reason::InFlight { retry_after } => Some((*retry_after).min(Duration::from_secs(5))),
///         Reason::Open { retry_after } => Some(retry_after.unwrap_or(Duration::from_secs(1))),
///         Reason::Limited { retry_after } => Some(*retry_after),
///         _ => None,
///     }
/// }
///
/// let refused = |reason| Rejection::new(Layer::Idempotent, "charges.create", reason);
/// let running = refused(Reason::InFlight { retry_after: Duration::from_secs(60) });
/// assert_eq!(next_try(&running), Some(Duration::from_secs(5)));
/// assert_eq!(next_try(&refused(Reason::Conflict)), None);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The circuit breaker is open, or half open with all its probes under way, or somebody has
    /// forced it open.
    Open {
        /// How long until it lets a probe through; `None` while probes are under way, and where it
        /// was forced open.
        retry_after: Option<Duration>,
    },
    /// The rate limit is used up, and waiting for it would take longer than `max_wait`.
    Limited {
        /// How long until this call would be admitted.
        retry_after: Duration,
    },
    /// The call costs more than the rate limit ever has free, so it could never be admitted.
    TooCostly {
        /// What it costs.
        cost: u32,
        /// The most that a call may cost: `max_calls`, or `burst`.
        most: u32,
    },
    /// As many calls run as the bulkhead lets run at once, and none ended while this one waited. Nobody
    /// knows when one will.
    Full {
        /// How long this one waited for a place: `max_wait`, or zero where it was refused at once.
        waited: Duration,
    },
    /// The call took too long. Work had begun, so its outcome is unknown.
    TimedOut {
        /// The limit that was reached.
        after: Duration,
    },
    /// The arguments break the rules, all of them listed.
    Invalid(Violations),
    /// The call carries no idempotency key, and the function asks for one.
    MissingKey,
    /// The idempotency key, or the scope, is not one.
    InvalidKey(KeyError),
    /// The payload cannot be fingerprinted (a number that is not finite, a value that cannot be
    /// written as JSON).
    InvalidPayload(RecordError),
    /// The key was used before, with another payload.
    Conflict,
    /// A call with this key is running.
    InFlight {
        /// How long until its lease runs out, if it is not renewed.
        retry_after: Duration,
    },
    /// An earlier call with this key ended without an answer, so it may have happened. The
    /// record stays until somebody resolves it.
    OutcomeUnknown {
        /// When the earlier call claimed the key.
        since: SystemTime,
    },
    /// The store holds as many records as it may, and none of them can be forgotten.
    StoreFull,
    /// The store could not be asked, so nothing was run.
    StoreUnavailable(Arc<dyn Error + Send + Sync>),
    /// What processes share (a limit, a circuit, a cache) could not be asked, and the policy was made to
    /// refuse then ([`shared::WhenDown`](crate::shared::WhenDown), of a cache's tier
    /// [`cached::when_down`](crate::cached::when_down)). Nothing was run.
    SharedStateUnavailable(Arc<dyn Error + Send + Sync>),
    /// The stored record does not decode as this function's result. The call was not run again.
    Undecodable(RecordError),
    /// The work was done and its record could not be written: the result is inside.
    Unrecorded(Unrecorded),
    /// Two functions share this idempotent name, so their keys would meet each other's records.
    DuplicateName,
    /// A test injected a failure of this kind; only the testing kit does.
    Fault(Kind),
}

impl Rejection {
    /// A refusal by a layer. `name` is the policy's name, or the function's where the policy
    /// stands on the attribute.
    ///
    /// Layers make theirs; of use to a test of how your code takes one. It counts as a refusal in
    /// metrics and logs.
    ///
    /// See [`Rejection`] for an example.
    pub fn new(layer: Layer, name: &'static str, reason: Reason) -> Self {
        let rejection = Self { by: By::of(By { layer, name, downstream: false, forced: false }), reason };
        crate::observe::refused(layer, name, rejection.code());
        rejection
    }

    /// The same for a limit that is not the caller's.
    pub(crate) fn downstream(self) -> Self {
        Self { by: By::of(By { downstream: true, ..*self.by }), ..self }
    }

    /// A refusal by an open breaker.
    pub(crate) fn open(name: &'static str, retry_after: Option<Duration>) -> Self {
        Self::new(Layer::CircuitBreaker, name, Reason::Open { retry_after })
    }

    /// A refusal by a breaker that somebody has forced open: it says so in its message.
    pub(crate) fn forced_open(name: &'static str) -> Self {
        let open = Self::open(name, None);
        Self { by: By::of(By { forced: true, ..*open.by }), ..open }
    }

    /// The layer that refused.
    ///
    /// ```
    /// use steadfast::{Layer, Reason, Rejection};
    ///
    /// let refused = Rejection::new(Layer::Idempotent, "charges.create", Reason::MissingKey);
    /// assert_eq!((refused.layer(), refused.name()), (Layer::Idempotent, "charges.create"));
    /// ```
    pub fn layer(&self) -> Layer {
        self.by.layer
    }

    /// Whose layer it is: the shared policy's name, the idempotent name, or the function's name.
    ///
    /// See [`layer`](Self::layer) for an example.
    pub fn name(&self) -> &'static str {
        self.by.name
    }

    /// Why it refused.
    ///
    /// See [`Reason`] for an example.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Why it refused, by value.
    ///
    /// ```
    /// use steadfast::{Layer, Reason, Rejection};
    ///
    /// let refused = Rejection::new(Layer::Idempotent, "charges.create", Reason::Conflict);
    /// assert!(matches!(refused.into_reason(), Reason::Conflict));
    /// ```
    pub fn into_reason(self) -> Reason {
        self.reason
    }

    /// A stable code for clients and dashboards; see [`Reason`] for the list, and [`Rejection`] for
    /// an example.
    pub fn code(&self) -> &'static str {
        self.reason.answer().0
    }

    /// The HTTP status that says the same; see [`Reason`] for the list, and [`Rejection`] for an
    /// example.
    pub fn status(&self) -> u16 {
        if self.by.downstream { 503 } else { self.reason.answer().1 }
    }

    /// How long to wait before another try can succeed, where that is known: for an open circuit,
    /// a limit, and a key in flight (the rest of its lease; the call may well end before).
    ///
    /// See [`Rejection`] for an example.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            Reason::Open { retry_after } => retry_after,
            Reason::Limited { retry_after } | Reason::InFlight { retry_after } => Some(retry_after),
            _ => None,
        }
    }
}

impl Reason {
    const fn answer(&self) -> (&'static str, u16) {
        match self {
            Self::Open { .. } => ("circuit_open", 503),
            Self::Limited { .. } => ("rate_limited", 429),
            Self::TooCostly { .. } => ("too_costly", 422),
            Self::Full { .. } => ("bulkhead_full", 503),
            Self::TimedOut { .. } => ("timed_out", 504),
            Self::Invalid(_) => ("invalid", 422),
            Self::MissingKey => ("missing_key", 400),
            Self::InvalidKey(_) => ("invalid_key", 400),
            Self::InvalidPayload(_) => ("invalid_payload", 422),
            Self::Conflict => ("payload_conflict", 422),
            Self::InFlight { .. } => ("in_flight", 409),
            Self::OutcomeUnknown { .. } => ("outcome_unknown", 409),
            Self::StoreFull => ("store_full", 503),
            Self::StoreUnavailable(_) => ("store_unavailable", 503),
            Self::SharedStateUnavailable(_) => ("shared_state_unavailable", 503),
            Self::Undecodable(_) => ("record_undecodable", 500),
            Self::Unrecorded(_) => ("unrecorded", 500),
            Self::DuplicateName => ("duplicate_name", 500),
            Self::Fault(_) => ("fault", 500),
        }
    }

    /// The row of the table of kinds that this reason falls under.
    pub(crate) const fn ending(&self) -> Ending {
        match self {
            Self::Open { .. } => Ending::Open,
            Self::Limited { .. } => Ending::Limited,
            Self::Full { .. } => Ending::Full,
            Self::TimedOut { .. } => Ending::TimedOut,
            Self::Unrecorded(_) => Ending::Unrecorded,
            // Nothing is stored of what has no record.
            Self::Fault(Kind::Terminal) => Ending::Final,
            Self::Fault(kind) => Ending::of_kind(*kind),
            Self::SharedStateUnavailable(_) => Ending::Refused,
            Self::TooCostly { .. }
            | Self::Invalid(_)
            | Self::MissingKey
            | Self::InvalidKey(_)
            | Self::InvalidPayload(_)
            | Self::Conflict
            | Self::InFlight { .. }
            | Self::OutcomeUnknown { .. }
            | Self::StoreFull
            | Self::StoreUnavailable(_)
            | Self::Undecodable(_)
            | Self::DuplicateName => Ending::Final,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: ", self.by.layer, self.by.name)?;
        match &self.reason {
            Reason::Open { retry_after: Some(wait) } => write!(f, "circuit open, try again in {wait:?}"),
            Reason::Open { .. } if self.by.forced => f.write_str("circuit forced open, until somebody resets it"),
            Reason::Open { retry_after: None } => f.write_str("circuit half open, its probes are under way"),
            Reason::Limited { retry_after } => write!(f, "limit reached, try again in {retry_after:?}"),
            Reason::TooCostly { cost, most } => {
                write!(f, "the call costs {cost}, and the limit never has more than {most} free")
            }
            Reason::Full { waited } if waited.is_zero() => f.write_str("full"),
            Reason::Full { waited } => write!(f, "full, and no place became free within {waited:?}"),
            Reason::TimedOut { after } => write!(f, "no answer within {after:?}; the outcome is unknown"),
            Reason::Invalid(violations) => write!(f, "invalid: {violations}"),
            Reason::MissingKey => f.write_str("the call carries no idempotency key"),
            Reason::InvalidKey(error) => write!(f, "{error}"),
            Reason::InvalidPayload(error) => write!(f, "the payload cannot be fingerprinted: {error}"),
            Reason::Conflict => f.write_str("the key was used before with another payload"),
            Reason::InFlight { retry_after } => {
                write!(f, "a call with this key is running, its lease ends in {retry_after:?}")
            }
            Reason::OutcomeUnknown { .. } => {
                f.write_str("an earlier call with this key may have happened; resolve its record first")
            }
            Reason::StoreFull => f.write_str("the store is full"),
            Reason::StoreUnavailable(error) => write!(f, "the store is unavailable, nothing was run: {error}"),
            Reason::SharedStateUnavailable(error) => {
                write!(f, "the shared state is unavailable, nothing was run: {error}")
            }
            Reason::Undecodable(error) => write!(f, "the stored record cannot be replayed: {error}"),
            Reason::Unrecorded(unrecorded) => write!(f, "{unrecorded}"),
            Reason::DuplicateName => f.write_str("another function has the same idempotent name"),
            Reason::Fault(kind) => write!(f, "a test injected a failure ({kind:?})"),
        }
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::StoreUnavailable(error) | Reason::SharedStateUnavailable(error) => Some(&**error),
            Reason::InvalidPayload(error) | Reason::Undecodable(error) => Some(error),
            Reason::InvalidKey(error) => Some(error),
            _ => None,
        }
    }
}

#[diagnostic::do_not_recommend]
impl Failure for Rejection {
    fn kind(&self) -> Kind {
        match self.reason.ending() {
            Ending::TimedOut | Ending::Unrecorded | Ending::Unknown => Kind::Unknown,
            Ending::Transient => Kind::Transient,
            _ => Kind::Refused,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        // Only these two may be tried again; a key in flight is for the caller to come back to.
        match self.reason.ending() {
            Ending::Open | Ending::Limited => Self::retry_after(self),
            _ => None,
        }
    }

    fn signal(&self) -> Signal {
        Signal { kind: Failure::kind(self), retry_after: Failure::retry_after(self) }
    }
}

/// A refusal is never terminal, so there is nothing to store.
#[diagnostic::do_not_recommend]
impl ReplayFailure for Rejection {
    fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>> {
        None
    }

    fn from_record(_: &[u8]) -> Result<Self, RecordError> {
        Err(RecordError::new("a refusal is never stored"))
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    /// A refusal travels beside every answer, and its size is moved about with each: a reason of a word
    /// more makes a call through four layers dearer by twenty instructions.
    #[test]
    fn a_reason_is_small() {
        assert!(size_of::<Reason>() <= 3 * size_of::<u64>(), "{} bytes", size_of::<Reason>());
    }
}
