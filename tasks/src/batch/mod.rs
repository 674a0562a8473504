//! Items that are worked on together: many inserts in one statement, many requests in one call.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::{Failure, Rejection, retry, timeout};
//! use steadfast_tasks::batch::{Batcher, Results};
//!
//! #[derive(Clone)]
//! struct Event { payment: u64, what: &'static str }
//!
//! #[derive(Debug, Failure, thiserror::Error)]
//! enum AuditError {
//!     #[error("the database does not answer")]
//!     #[failure(transient)]
//!     Unreachable,
//!     #[error(transparent)]
//!     #[failure(transparent)]
//!     Refused(#[from] Rejection),
//! }
//!
//! // One statement for all of them. A batch that fails is tried again as a whole, by the handler's own
//! // attributes; the table has a unique key, so a row that was written already is not written twice.
//! #[retry(max_attempts = 5, repeatable, clone(events))]
//! #[timeout("2s")]
//! async fn insert(events: Vec<Event>) -> Results<u64, AuditError> {
//!     Ok(events.iter().map(|event| Ok(event.payment)).collect()) // one result for each, in their order
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let audit = Batcher::builder("audit", 500, Duration::from_millis(20), insert).build()?;
//!
//! // Each caller learns what became of its own.
//! let (first, second) = (Event { payment: 17, what: "authorized" }, Event { payment: 18, what: "captured" });
//! let (first, second) = (audit.submit(first).await?, audit.submit(second).await?);
//! assert_eq!((first.await?, second.await?), (17, 18));
//!
//! let left = audit.stop(Duration::from_secs(10)).await;
//! assert!(left.is_clean());
//! # Ok(())
//! # }
//! ```
//!
//! # When a batch runs
//!
//! When `max_size` items have gathered, or when the first of them has waited for `max_wait`, whichever
//! comes first; at once for what was there when somebody called [`flush`](Batcher::flush); and without
//! waiting for more when the batcher stops. Where all allowed batches run already
//! ([`concurrency`](BatcherBuilder::concurrency), one by default), items gather until one has ended, also
//! beyond `max_size`; a batch never has more. With a `max_wait` of zero a batch is whatever has
//! gathered while the last one ran: no item waits, and batches grow with the load.
//!
//! Items are gathered in the order in which they came. At most [`capacity`](BatcherBuilder::capacity) of
//! them are kept beside those that run; what a caller meets then is [`WhenFull`](crate::WhenFull), as in a
//! pool.
//!
//! # What becomes of an item
//!
//! | the handler | each item's handle gives |
//! |---|---|
//! | returned one result for each item | its own: `Ok`, or [`Failed`](crate::TaskError::Failed) with [`BatchError::Item`] |
//! | returned one error | `Failed` with [`BatchError::Batch`], which all of them share |
//! | returned another number of results | `Failed` with [`BatchError::WrongNumber`] |
//! | panicked | [`Panicked`](crate::TaskError::Panicked) |
//! | was interrupted by a stop | [`Stopped`](crate::TaskError::Stopped), which says that it began |
//!
//! An item that is cancelled leaves the batch it waits for; in a batch that runs it stays. All else is as
//! in a [`pool`](crate::pool): when an item is in, what a dropped handle means, what a stop gives
//! back, what happens to a batcher that is dropped, and the [metrics](crate::pool#what-it-tells).

mod decision;
mod error;
mod policy;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use error::BatchError;
pub use policy::BatcherBuilder;

use crate::work::{Crew, Handle, NotTaken, Stats, Stopped};

/// What a handler makes of a batch: one result for each item, in the order of the items, or one error for
/// all.
///
/// See the [module](crate::batch) for an example.
pub type Results<T, E> = Result<Vec<Result<T, E>>, E>;

/// A batcher for items `I`, of each of which the handler makes a `T` or an `E`. Clones are the same
/// batcher.
///
/// See the [module](crate::batch) for what it does. It needs the timer of the runtime it is built in.
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::batch::Batcher;
///
/// /// Named in a struct, as an application's state has it.
/// #[derive(Clone)]
/// struct App { rows: Batcher<u64, u64, std::io::Error> }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let insert = |rows: Vec<u64>| async move { Ok(rows.into_iter().map(Ok).collect()) };
/// let app = App { rows: Batcher::builder("rows", 500, Duration::from_millis(20), insert).build()? };
/// assert_eq!(app.rows.submit(17).await?.await?, 17);
/// # Ok(())
/// # }
/// ```
pub struct Batcher<I, T, E> {
    crew: Arc<Crew<I, T, BatchError<E>>>,
}

impl<I, T, E> Batcher<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + Sync + 'static,
{
    /// A batcher that calls `handler` with at most `max_size` items (at least 1), as soon as there are so
    /// many or the first of them has waited for `max_wait`. `name` is what refusals, logs and metrics
    /// call it.
    ///
    /// See the [module](crate::batch) for an example.
    pub fn builder<H, F>(name: &'static str, max_size: usize, max_wait: Duration, handler: H) -> BatcherBuilder<I, T, E>
    where
        H: Fn(Vec<I>) -> F + Send + Sync + 'static,
        F: Future<Output = Results<T, E>> + Send + 'static,
    {
        BatcherBuilder::new(name, max_size, max_wait, handler)
    }

    /// Puts an item in, and returns its handle. What it meets when there is no room says
    /// [`WhenFull`](crate::WhenFull).
    ///
    /// # Errors
    ///
    /// [`NotTaken`], with the item, when there is no room or the batcher has stopped.
    ///
    /// See the [module](crate::batch) for an example.
    pub async fn submit(&self, item: I) -> Result<Handle<T, BatchError<E>>, NotTaken<I>> {
        self.crew.desk.submit(0, item).await
    }

    /// What has gathered until now waits for no more items to come: it runs as soon as a batch may. Returns
    /// at once; the handles tell when it is done.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_tasks::batch::Batcher;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let insert = |rows: Vec<u64>| async move { Ok::<_, std::io::Error>(rows.into_iter().map(Ok).collect()) };
    /// let rows = Batcher::builder("rows", 500, Duration::MAX, insert).build()?;
    /// let row = rows.submit(17).await?;
    /// rows.flush();
    /// assert_eq!(row.await?, 17);
    /// # Ok(())
    /// # }
    /// ```
    pub fn flush(&self) {
        self.crew.desk.flush();
    }

    /// Lets nobody in any more, runs what has gathered, waits for it at most this long, then interrupts
    /// what runs and gives back what does not. `Duration::MAX` waits for all of it. The rest is as in
    /// [`Pool::stop`](crate::pool::Pool::stop).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_tasks::batch::Batcher;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let insert = |rows: Vec<u64>| async move { Ok::<_, std::io::Error>(rows.into_iter().map(Ok).collect()) };
    /// let rows = Batcher::builder("rows", 500, Duration::MAX, insert).build()?;
    /// let row = rows.submit(17).await?;
    /// assert!(rows.stop(Duration::from_secs(5)).await.is_clean());
    /// assert_eq!(row.await?, 17);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Where the runtime has its timer off, as tokio's timeouts do.
    pub async fn stop(&self, limit: Duration) -> Stopped<I> {
        self.crew.stop(limit).await
    }

    /// What it has, does and has done; `workers` is the concurrency.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_tasks::batch::Batcher;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let insert = |rows: Vec<u64>| async move { Ok::<_, std::io::Error>(rows.into_iter().map(Ok).collect()) };
    /// let rows = Batcher::builder("rows", 500, Duration::MAX, insert).build()?;
    /// let row = rows.submit(17).await?;
    /// assert_eq!(rows.stats().queued, 1);
    /// # drop(row);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        self.crew.desk.stats()
    }
}

impl<I, T, E> Clone for Batcher<I, T, E> {
    fn clone(&self) -> Self {
        Self { crew: Arc::clone(&self.crew) }
    }
}

impl<I, T, E> fmt::Debug for Batcher<I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let desk = &self.crew.desk;
        f.debug_struct("Batcher")
            .field("name", &desk.settings.name)
            .field("stats", &desk.stats())
            .finish_non_exhaustive()
    }
}
