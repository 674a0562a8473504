//! What a failed call means: the four kinds, and the trait by which an error says its own.

use std::time::Duration;

mod record;

pub use record::{Record, RecordError, ReplayFailure};

/// What is known of a call that did not succeed.
///
/// Every layer decides by this: what is tried again, what opens a circuit breaker, what an
/// idempotency record keeps.
///
/// ```
/// use steadfast::{Failure, Kind};
///
/// #[derive(Failure)]
/// enum GatewayError {
///     #[failure(transient)]
///     Connect,
///     #[failure(terminal)]
///     Declined(String),
///     #[failure(unknown)]
///     TimedOutAfterSend,
/// }
///
/// assert_eq!(GatewayError::Connect.kind(), Kind::Transient);
/// assert_eq!(GatewayError::Declined("no funds".into()).kind(), Kind::Terminal);
/// assert_eq!(GatewayError::TimedOutAfterSend.kind(), Kind::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing happened; trying again may work (connection refused, 503).
    Transient,
    /// A definite answer (card declined, invalid request). Trying again cannot change it.
    Terminal,
    /// It may have happened (a timeout after the request was sent, a crash, a panic).
    Unknown,
    /// A layer said no before anything ran (circuit open, rate limited, invalid).
    Refused,
}

impl Kind {
    /// The kind in lower case, as metrics and logs name it.
    ///
    /// ```
    /// assert_eq!(steadfast::Kind::Transient.as_str(), "transient");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Terminal => "terminal",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// An error that says what is known of the call it ended.
///
/// Derive it with [`#[derive(Failure)]`](derive@crate::Failure), which asks every variant for its
/// kind, or write it by hand:
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Failure, Kind};
///
/// struct HttpError { status: u16, retry_after: Option<Duration> }
///
/// impl Failure for HttpError {
///     fn kind(&self) -> Kind {
///         match self.status {
///             429 | 503 => Kind::Transient,
///             504 => Kind::Unknown,
///             _ => Kind::Terminal,
///         }
///     }
///     fn retry_after(&self) -> Option<Duration> {
///         self.retry_after
///     }
/// }
///
/// let busy = HttpError { status: 503, retry_after: Some(Duration::from_secs(3)) };
/// assert_eq!(busy.signal().kind, Kind::Transient);
/// assert_eq!(busy.signal().retry_after, Some(Duration::from_secs(3)));
/// ```
///
/// Attributes that take `on` or `when` do without it: there the pattern or the function says which
/// errors count. References and boxes of an error that has it have it too.
#[diagnostic::on_unimplemented(
    message = "the error type `{Self}` does not say which of its failures may be tried again",
    label = "this error type does not implement `steadfast::Failure`",
    note = "derive it: `#[derive(steadfast::Failure)]` with `#[failure(transient | terminal | unknown)]` on every variant",
    note = "or say it on the attribute: `on = PATTERN` or `when = predicate`, where it takes one"
)]
pub trait Failure {
    /// What is known of the call that ended with this error.
    ///
    /// See [`Failure`] for an example.
    fn kind(&self) -> Kind;

    /// How long the other side asked to wait before the next try (its `Retry-After`). `None`
    /// where it did not say, which is the default.
    ///
    /// See [`Failure`] for an example.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Both answers at once, as the layers read them.
    ///
    /// See [`Failure`] for an example.
    fn signal(&self) -> Signal {
        Signal { kind: self.kind(), retry_after: self.retry_after() }
    }
}

#[diagnostic::do_not_recommend]
impl<E: Failure + ?Sized> Failure for &E {
    fn kind(&self) -> Kind {
        (**self).kind()
    }
    fn retry_after(&self) -> Option<Duration> {
        (**self).retry_after()
    }
}

#[diagnostic::do_not_recommend]
impl<E: Failure + ?Sized> Failure for Box<E> {
    fn kind(&self) -> Kind {
        (**self).kind()
    }
    fn retry_after(&self) -> Option<Duration> {
        (**self).retry_after()
    }
}

/// A failure as the layers see it: its kind, and how long to wait when it says so.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Failure, Kind, Layer, Reason, Rejection, Signal};
///
/// let retry_after = Duration::from_secs(3);
/// let refused = Rejection::new(Layer::RateLimit, "gateway", Reason::Limited { retry_after });
/// assert_eq!(refused.signal(), Signal { kind: Kind::Refused, retry_after: Some(retry_after) });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What is known of the call.
    pub kind: Kind,
    /// How long to wait before the next try, when the failure says so.
    pub retry_after: Option<Duration>,
}

impl Signal {
    /// A failure of that kind which does not say how long to wait.
    ///
    /// ```
    /// use steadfast::{Kind, Signal};
    /// assert_eq!(Signal::of(Kind::Terminal).retry_after, None);
    /// ```
    pub const fn of(kind: Kind) -> Self {
        Self { kind, retry_after: None }
    }
}
