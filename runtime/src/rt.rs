//! What the attributes' expansions call. Not part of the public interface: it changes without
//! notice, and its names say what they do so that an expansion reads well.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::kinds::Ended;
use crate::scope::Strike;
use crate::{Failure, RecordError, Signal};

pub use crate::Rejection;

pub use linkme;

pub use crate::block::block_on;
pub use crate::moment::Moment;

// Each pattern's own part.
pub use crate::bulkhead::rt::*;
pub use crate::cached::rt::*;
pub use crate::circuit_breaker::rt::*;
pub use crate::fallback::rt::*;
pub use crate::idempotent::rt::*;
pub use crate::keyed::rt::*;
pub use crate::logged::rt::*;
pub use crate::rate_limit::rt::*;
pub use crate::retry::rt::*;
pub use crate::timed::rt::*;
pub use crate::timeout::rt::*;
pub use crate::validate::rt::*;

// The policies that an expansion puts into statics.
pub use crate::bulkhead::Bulkhead;
pub use crate::circuit_breaker::CircuitBreaker;
pub use crate::fallback::Fallback;
pub use crate::idempotent::{Idempotency, InFlight, MissingKey, OnUnknown};
pub use crate::rate_limit::RateLimiter;
pub use crate::retry::{Deadline, Jitter, RetryPolicy};
pub use crate::timeout::Timeout;

pub use crate::registry::rt::*;
pub use crate::{Layer, failure::Record};

/// What travels inside a stack beside the function's result: a refusal, or, where no layer of the
/// stack can refuse, nothing.
pub trait Refusal {
    fn rejection(&self) -> Option<&Rejection>;
    /// The refusal that travels here; `None` where nobody can refuse.
    fn refused(rejection: Rejection) -> Option<Self>
    where
        Self: Sized;
    /// A fault that a test injects.
    #[cfg(feature = "testing")]
    fn injected(rejection: Rejection) -> Self;
}

impl Refusal for Rejection {
    #[inline]
    fn rejection(&self) -> Option<&Rejection> {
        Some(self)
    }

    fn refused(rejection: Rejection) -> Option<Self> {
        Some(rejection)
    }

    #[cfg(feature = "testing")]
    fn injected(rejection: Rejection) -> Self {
        rejection
    }
}

impl Refusal for Infallible {
    #[inline]
    fn rejection(&self) -> Option<&Rejection> {
        match *self {}
    }

    fn refused(_: Rejection) -> Option<Self> {
        None
    }

    #[cfg(feature = "testing")]
    #[allow(clippy::panic, reason = "a test that asks for what cannot be is told so")]
    fn injected(rejection: Rejection) -> Self {
        panic!(
            "no layer of `{}` can refuse, so it cannot end with an injected failure: give it one, such as \
             `#[timeout]`, or let it `Fault::Panic`, `Fault::Hang` or `Fault::Delay`",
            rejection.name()
        )
    }
}

/// How a layer's call ended: `None` for a success. `of` reads the function's own result.
#[inline]
pub(crate) fn ending<R, J: Refusal>(result: &Result<R, J>, of: impl Fn(&R) -> Option<Signal>) -> Option<Ended> {
    match result {
        Ok(own) => of(own).map(Ended::from),
        Err(refusal) => refusal.rejection().map(Ended::from),
    }
}

pin_project! {
    /// The function's body: the innermost of a stack, which never refuses, except where a test lets it.
    #[must_use]
    pub struct Body<F, J> {
        #[pin]
        inner: F,
        strike: Strike,
        refusal: PhantomData<fn() -> J>,
    }
}

/// The innermost layer: the body itself.
#[inline]
pub fn body<F: Future, J: Refusal>(inner: F) -> Body<F, J> {
    Body { inner, strike: Strike::none(), refusal: PhantomData }
}

/// The body of a registered function, which a test can let fail.
#[inline]
pub fn body_of<F: Future, J: Refusal>(function: &'static Function, inner: F) -> Body<F, J> {
    Body { inner, strike: Strike::on(function), refusal: PhantomData }
}

impl<F: Future, J: Refusal> Future for Body<F, J> {
    type Output = Result<F::Output, J>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(injected) = ready!(this.strike.poll(cx)) {
            return Poll::Ready(Err(injected));
        }
        this.inner.poll(cx).map(Ok)
    }
}

/// The body of a function that is not async: it is run at the first poll.
#[must_use]
pub struct BodyNow<F, J> {
    call: Option<F>,
    strike: Strike,
    refusal: PhantomData<fn() -> J>,
}

/// The innermost layer of a function that is not async.
#[inline]
pub fn body_now_of<R, J: Refusal, F: FnOnce() -> R>(function: &'static Function, call: F) -> BodyNow<F, J> {
    BodyNow { call: Some(call), strike: Strike::on(function), refusal: PhantomData }
}

// The closure is called where it lies, and nothing borrows from it.
impl<F, J> Unpin for BodyNow<F, J> {}

impl<R, J: Refusal, F: FnOnce() -> R> Future for BodyNow<F, J> {
    type Output = Result<R, J>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(call) = self.call.take() else { return Poll::Pending };
        Poll::Ready(match self.strike.now() {
            Some(injected) => Err(injected),
            None => Ok(call()),
        })
    }
}

/// The refusal of a stack that cannot refuse.
pub fn never<R>(refusal: Infallible) -> R {
    match refusal {}
}

/// A refusal as the function's result.
#[cold]
pub fn refuse<R: CarriesRefusal>(rejection: Rejection) -> R {
    R::refused(rejection)
}

/// A result that can be a refusal.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Result`, so a layer of the stack could not tell its caller that it refused",
    label = "a layer may refuse a call, and has to say so in the function's own error type",
    note = "return `Result<T, E>` with an error that has `From<steadfast::Rejection>`"
)]
pub trait CarriesRefusal {
    fn refused(rejection: Rejection) -> Self;
}

impl<T, E: FromRejection> CarriesRefusal for Result<T, E> {
    fn refused(rejection: Rejection) -> Self {
        Err(E::from_rejection(rejection))
    }
}

/// An error type that can carry a refusal. Every `E: From<Rejection>` can.
#[diagnostic::on_unimplemented(
    message = "the error type `{Self}` cannot carry a refusal",
    label = "this function's error type has no `From<steadfast::Rejection>`",
    note = "a layer of the stack may refuse a call (timed out, circuit open, rate limited), and has to say so in the function's own error type",
    note = "add a variant `#[failure(transparent)] Refused(Rejection)` and `impl From<steadfast::Rejection> for {Self}`",
    note = "where the type is not yours, return an error of your own that holds it"
)]
pub trait FromRejection {
    fn from_rejection(rejection: Rejection) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Rejection>> FromRejection for E {
    fn from_rejection(rejection: Rejection) -> Self {
        E::from(rejection)
    }
}

/// The failure of a result in the error's own words.
#[inline]
pub fn own_word<T, E: Failure>(result: &Result<T, E>) -> Option<Signal> {
    result.as_ref().err().map(Failure::signal)
}

/// The failure of a result where the attribute says which errors count: those that match are
/// transient, unless the error itself says that its outcome is unknown; the others are terminal.
pub fn as_matched<T, E>(
    result: &Result<T, E>,
    matches: impl FnOnce(&E) -> bool,
    own_word: impl FnOnce(&E) -> Option<Signal>,
) -> Option<Signal> {
    use crate::Kind;
    let error = result.as_ref().err()?;
    let own = own_word(error);
    let kind = match (matches(error), own.map(|signal| signal.kind)) {
        (true, Some(Kind::Unknown)) => Kind::Unknown,
        (true, _) => Kind::Transient,
        (false, _) => Kind::Terminal,
    };
    Some(Signal { kind, retry_after: own.and_then(|signal| signal.retry_after) })
}

/// What a terminal failure keeps in its record: what serde can write and read back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands in a terminal failure that is replayed, and serde cannot store it",
    label = "`idempotent` hands terminal failures out again as the same values",
    note = "give it `Serialize` and `Deserialize`, or keep the part that matters (a code, a text) in the variant"
)]
pub trait Storable: serde::Serialize + serde::de::DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Storable for T {}

/// The record of a failure, when it is terminal.
pub fn record<E: Failure>(
    failure: &E,
    make: impl FnOnce(&E) -> Result<Record, RecordError>,
) -> Option<Result<Vec<u8>, RecordError>> {
    let terminal = failure.kind() == crate::Kind::Terminal;
    terminal.then(|| make(failure).and_then(Record::into_bytes))
}

/// A field that says how long to wait.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not say how long to wait",
    label = "`retry_after` takes a `std::time::Duration`, or an `Option` of one",
    note = "make a `Duration` of it where the failure is made: a number alone could be seconds or milliseconds"
)]
pub trait RetryAfter {
    fn retry_after(&self) -> Option<Duration>;
}

#[diagnostic::do_not_recommend]
impl RetryAfter for Duration {
    fn retry_after(&self) -> Option<Duration> {
        Some(*self)
    }
}

#[diagnostic::do_not_recommend]
impl RetryAfter for Option<Duration> {
    fn retry_after(&self) -> Option<Duration> {
        *self
    }
}

/// A terminal failure of a variant that has no record.
pub fn not_recorded<T>() -> Result<T, RecordError> {
    Err(RecordError::new("the failure says it is terminal, but its variant is not"))
}

/// Stands for a name that an attribute would have bound, where a mistake in the attribute keeps
/// the program from compiling. It is never called.
pub fn absent<T>() -> T {
    loop {
        std::thread::park();
    }
}

/// Asks a value for what its type may or may not say. Several traits have a method of one name;
/// the compiler takes the first that fits, from the impl with the most `&` to the one with none.
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// The signal of an error: its own word, or `None` where its type has none.
#[doc(hidden)]
#[macro_export]
macro_rules! __signal {
    ($error:expr) => {{
        #[allow(unused_imports, reason = "which of them is used depends on the type")]
        use $crate::__rt::{SignalOfAny as _, SignalOfFailure as _};
        (&&$crate::__rt::Probe($error)).signal()
    }};
}
pub use __signal as signal;

pub trait SignalOfFailure {
    fn signal(&self) -> Option<Signal>;
}

impl<E: Failure> SignalOfFailure for &Probe<'_, E> {
    fn signal(&self) -> Option<Signal> {
        Some(self.0.signal())
    }
}

pub trait SignalOfAny {
    fn signal(&self) -> Option<Signal>;
}

impl<E> SignalOfAny for Probe<'_, E> {
    fn signal(&self) -> Option<Signal> {
        None
    }
}

/// How a call ended, for those who only watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// The function's error, with its kind where it says one.
    Failed(Option<Signal>),
}

/// The outcome of a function's own result, whatever its type.
#[doc(hidden)]
#[macro_export]
macro_rules! __outcome {
    ($result:expr) => {{
        #[allow(unused_imports, reason = "which of them is used depends on the type")]
        use $crate::__rt::{OutcomeOfAny as _, OutcomeOfFailure as _, OutcomeOfResult as _};
        (&&&$crate::__rt::Probe($result)).outcome()
    }};
}
pub use __outcome as outcome;

pub trait OutcomeOfFailure {
    fn outcome(&self) -> Outcome;
}

impl<T, E: Failure> OutcomeOfFailure for &&Probe<'_, Result<T, E>> {
    fn outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Success,
            Err(error) => Outcome::Failed(Some(error.signal())),
        }
    }
}

pub trait OutcomeOfResult {
    fn outcome(&self) -> Outcome;
}

impl<T, E> OutcomeOfResult for &Probe<'_, Result<T, E>> {
    fn outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::Failed(None),
        }
    }
}

pub trait OutcomeOfAny {
    fn outcome(&self) -> Outcome;
}

impl<T> OutcomeOfAny for Probe<'_, T> {
    fn outcome(&self) -> Outcome {
        Outcome::Success
    }
}
