//! A result whose record could not be written.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::store::StoreError;

/// The work was done and its record could not be written: another call with the key would find
/// an unknown outcome. The result is inside, once.
///
/// The caller of the function finds it in [`Reason::Unrecorded`](crate::Reason::Unrecorded), and can
/// take the result out:
///
/// ```
/// use steadfast::idempotent::{MemoryStore, RecordId, Resolution, Store, UnrecordedWhy};
/// use steadfast::{Reason, Rejection, idempotent};
///
/// #[idempotent(name = "docs.unrecorded.capture", key = key, payload = none, store = records)]
/// async fn capture(records: MemoryStore, key: String) -> Result<u64, Rejection> {
///     # let id = RecordId::new("docs.unrecorded.capture", None, &key).unwrap();
///     # let seen = records.get(&id).await.unwrap().unwrap().seen();
///     // .. and while it runs, somebody resolves its record as "never happened".
///     # records.resolve(&id, seen, Resolution::NeverHappened, "an error").await.unwrap();
///     Ok(17)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let refused = capture(MemoryStore::default(), "order-17".into()).await.unwrap_err();
/// let Reason::Unrecorded(unrecorded) = refused.reason() else { panic!("{refused}") };
/// assert!(matches!(unrecorded.why(), UnrecordedWhy::Lost));
///
/// // What the function returned, as the type that it returns.
/// let result: Result<u64, Rejection> = unrecorded.take().unwrap();
/// assert_eq!(result.unwrap(), 17);
/// assert!(unrecorded.take::<Result<u64, Rejection>>().is_none()); // it was taken
/// # }
/// ```
#[derive(Clone)]
pub struct Unrecorded(Arc<Inner>);

struct Inner {
    why: UnrecordedWhy,
    result: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Why a record could not be written after the work.
///
/// See [`Unrecorded`] for an example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UnrecordedWhy {
    /// The store failed until the lease ended; its last error.
    Store(StoreError),
    /// The lease had run out before, and somebody else took the key over or resolved it.
    Lost,
}

impl Unrecorded {
    pub(super) fn new<R: Send + 'static>(why: UnrecordedWhy, result: R) -> Self {
        Self(Arc::new(Inner { why, result: Mutex::new(Some(Box::new(result))) }))
    }

    /// Why the record could not be written.
    ///
    /// See [`Unrecorded`] for an example.
    pub fn why(&self) -> &UnrecordedWhy {
        &self.0.why
    }

    /// Takes the result out: what the function returned, a `Result<T, E>` as a rule. `None` where
    /// it was taken before, through this value or a clone of it, or is of another type, which
    /// leaves it where it is.
    ///
    /// See [`Unrecorded`] for an example.
    pub fn take<R: 'static>(&self) -> Option<R> {
        let mut held = self.0.result.lock().unwrap_or_else(PoisonError::into_inner);
        let result = held.take_if(|result| result.is::<R>())?;
        result.downcast().ok().map(|result| *result)
    }
}

/// Never the result.
impl fmt::Debug for Unrecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unrecorded").field("why", self.why()).finish_non_exhaustive()
    }
}

impl fmt::Display for Unrecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the work was done and its record could not be written: ")?;
        match self.why() {
            UnrecordedWhy::Store(error) => error.fmt(f),
            UnrecordedWhy::Lost => f.write_str("the lease had run out and somebody else has the key"),
        }
    }
}
