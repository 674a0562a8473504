//! A result that knows whether it was replayed.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use super::replay::Replay;
use crate::{Failure, Kind, RecordError, Rejection, ReplayFailure, Signal};

/// A value, or an error, that knows whether it is the first answer to its key or a replay.
///
/// A function says in its signature that its caller may ask: it returns `Result<Answer<T>, E>`, or
/// `Result<Answer<T>, Answer<E>>` where the caller of a replayed error is to know too. Only the `T`
/// is recorded, so a function may begin or cease to say so without forgetting its keys.
///
/// ```
/// use steadfast::Rejection;
/// use steadfast::idempotent::{Answer, MemoryStore};
///
/// #[steadfast::idempotent(name = "docs.answer.charge", key = key, payload = none, store = records)]
/// async fn charge(records: MemoryStore, key: String) -> Result<Answer<u64>, Rejection> {
///     Ok(Answer::new(17))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Rejection> {
/// let records = MemoryStore::default();
/// let first = charge(records.clone(), "order-17".into()).await?;
/// assert!(!first.was_replayed());
///
/// let again = charge(records, "order-17".into()).await?;
/// assert!(again.was_replayed());
/// assert_eq!((*again, again.into_inner()), (17, 17));
/// # Ok(())
/// # }
/// ```
///
/// With the feature `axum` an `Answer` of a response is a response, and a replayed one has the
/// header `Idempotent-Replayed: true`.
///
/// A call that waited for another's result (`in_flight = wait`) gets a replay; what
/// [`Recovered::Done`](super::Recovered::Done) found out is whatever that function made of it, which
/// is a first answer as a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer<T> {
    value: T,
    replayed: bool,
}

impl<T> Answer<T> {
    /// A first answer.
    ///
    /// See [`Answer`] for an example.
    pub const fn new(value: T) -> Self {
        Self { value, replayed: false }
    }

    const fn replayed(value: T) -> Self {
        Self { value, replayed: true }
    }

    /// Whether it is the answer to an earlier call with the key.
    ///
    /// See [`Answer`] for an example.
    pub const fn was_replayed(&self) -> bool {
        self.replayed
    }

    /// The value, or the error.
    ///
    /// See [`Answer`] for an example.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The same answer with another value.
    ///
    /// ```
    /// use steadfast::idempotent::Answer;
    /// assert_eq!(Answer::new(17).map(|id| format!("ch_{id}")), Answer::new("ch_17".to_owned()));
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: change(self.value), replayed: self.replayed }
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<E: std::error::Error> std::error::Error for Answer<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.value.source()
    }
}

/// The way of an [`Answer`]: that of the value inside. Nobody has to name it.
///
/// ```
/// use steadfast::idempotent::{Answer, Replay};
///
/// assert_eq!(Answer::new(17).to_record()?, b"17");
/// # Ok::<(), steadfast::RecordError>(())
/// ```
#[derive(Debug)]
pub struct ByAnswer<M>(PhantomData<M>);

#[diagnostic::do_not_recommend]
impl<T: Replay<M>, M> Replay<ByAnswer<M>> for Answer<T> {
    fn to_record(&self) -> Result<Vec<u8>, RecordError> {
        self.value.to_record()
    }

    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        T::from_record(record).map(Self::replayed)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Failure> Failure for Answer<E> {
    fn kind(&self) -> Kind {
        self.value.kind()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.value.retry_after()
    }

    fn signal(&self) -> Signal {
        self.value.signal()
    }
}

#[diagnostic::do_not_recommend]
impl<E: ReplayFailure> ReplayFailure for Answer<E> {
    fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>> {
        self.value.to_record()
    }

    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        E::from_record(record).map(Self::replayed)
    }
}

/// A refusal answers this call, and no earlier one.
#[diagnostic::do_not_recommend]
impl<E: From<Rejection>> From<Rejection> for Answer<E> {
    fn from(rejection: Rejection) -> Self {
        Self::new(rejection.into())
    }
}
