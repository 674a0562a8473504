//! Workers over a bounded queue, for work that happens beside the request.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::{Failure, Rejection, retry, timeout};
//! use steadfast_tasks::pool::Pool;
//!
//! #[derive(Clone)]
//! struct Receipt { order: u64, to: String }
//!
//! #[derive(Debug, Failure, thiserror::Error)]
//! enum MailError {
//!     #[error("the mail server does not answer")]
//!     #[failure(transient)]
//!     Unreachable,
//!     #[error(transparent)]
//!     #[failure(transparent)]
//!     Refused(#[from] Rejection),
//! }
//!
//! // The handler is a function like any other, with its attributes.
//! #[retry(max_attempts = 3, repeatable, clone(receipt))]
//! #[timeout("5s")]
//! async fn send(receipt: Receipt) -> Result<u64, MailError> {
//!     Ok(receipt.order) // .. the mail server's client
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let receipts = Pool::builder("receipts", 8, send).capacity(500).build()?;
//!
//! // In the request: the item is in, the response need not wait for the mail.
//! let sent = receipts.submit(Receipt { order: 17, to: "ann@example.com".into() }).await?;
//! // Who wants to know, asks.
//! assert_eq!(sent.await?, 17);
//!
//! // At shutdown, when no request comes any more.
//! let left = receipts.stop(Duration::from_secs(20)).await;
//! assert!(left.is_clean());
//! # Ok(())
//! # }
//! ```
//!
//! A handler that needs more than the item is a closure: `move |item| send(mailer.clone(), item)`.
//! The queue is this process's memory: what must outlive the process belongs into a database first, and
//! what must not happen twice under `#[idempotent]`.
//!
//! # Order
//!
//! A higher priority goes first, and within one priority who came first. A level of priority is worth
//! [`ageing`](PoolBuilder::ageing) of waiting, ten seconds by default: an item goes before one that is
//! two levels above it when it has waited twenty seconds longer. So an item is only ever overtaken by
//! those that come within that time after it, and none waits for ever, however many important ones
//! arrive. All items age at the same pace, so the order of two of them never changes once both are in.
//!
//! Submitters that wait for room stand in a line of the same order, so a full queue does not let
//! unimportant work in first. An item's age counts from the moment it is in.
//!
//! # What becomes of an item
//!
//! | | the handle gives | counted as |
//! |---|---|---|
//! | the handler made a result | `Ok(value)` | `done` |
//! | it ended with an error | [`Failed`](crate::TaskError::Failed) | `failed` |
//! | it panicked | [`Panicked`](crate::TaskError::Panicked); the worker goes on | `panicked` |
//! | it was cancelled, queued or running | [`Cancelled`](crate::TaskError::Cancelled) | `cancelled` |
//! | it made room for another | [`Dropped`](crate::TaskError::Dropped) | `dropped` |
//! | the pool stopped | [`Stopped`](crate::TaskError::Stopped) | `stopped` |
//!
//! An item is in from the moment `submit` returns its handle. A `submit` that is dropped before that has
//! put nothing in; one that fails gives the item back ([`NotTaken`]). A handle that is
//! dropped lets the work go on ([`Handle`]). A program built with `panic = "abort"` ends at
//! the first panic, as it does everywhere.
//!
//! # The end
//!
//! [`stop`](Pool::stop) lets nobody in, has the queue worked off within a limit, and then gives back
//! what is left. A pool whose last clone is dropped without it does the same without a limit and without a
//! word: nobody gets in, what is in is worked on, then the workers go. A runtime that ends takes its
//! workers along: handles then end with `Stopped`, and a `stop` still gives the queued items back.
//!
//! A handler that submits to its own pool and waits for room or for the result can wait for itself, when
//! all workers do so.
//!
//! # What it tells
//!
//! | metric | labels | |
//! |---|---|---|
//! | `steadfast_tasks_queued` | `what`, `name` | gauge: items in the queue |
//! | `steadfast_tasks_running` | `what`, `name` | gauge: items worked on |
//! | `steadfast_tasks_queue_seconds` | `what`, `name` | histogram: from in the queue to the beginning of the work |
//! | `steadfast_tasks_work_seconds` | `what`, `name` | histogram: the work, however it ended; a batch counts once |
//! | `steadfast_tasks_batch_size` | `what`, `name` | histogram: items of a batch |
//! | `steadfast_tasks_ended_total` | `what`, `name`, `how` | counter: `done`, `failed`, .. as above |
//! | `steadfast_tasks_refused_total` | `what`, `name`, `why` | counter: `full`, `stopped` |
//!
//! `what` is `pool` or `batcher`. [`stats`](Pool::stats) has the same numbers without a recorder.

mod policy;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use policy::PoolBuilder;
use steadfast::PolicyError;

use crate::work::{Crew, Handle, NotTaken, Stats, Stopped};

/// A worker pool for items `I`, of which the handler makes a `T` or an `E`. Clones are the same pool.
///
/// See the [module](crate::pool) for what it does.
///
/// ```
/// use steadfast_tasks::pool::Pool;
///
/// /// Named in a struct, as an application's state has it.
/// #[derive(Clone)]
/// struct App { squares: Pool<u64, u64, std::io::Error> }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let squares = Pool::builder("squares", 2, |number: u64| async move { Ok(number * number) }).build()?;
/// let app = App { squares };
/// assert_eq!(app.squares.submit(12).await?.await?, 144);
/// # Ok(())
/// # }
/// ```
pub struct Pool<I, T, E> {
    crew: Arc<Crew<I, T, E>>,
}

impl<I, T, E> Pool<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    /// A pool of that many workers (at least 1) that call `handler` for each item. `name` is what refusals,
    /// logs and metrics call it.
    ///
    /// See the [module](crate::pool) for an example.
    pub fn builder<H, F>(name: &'static str, workers: usize, handler: H) -> PoolBuilder<I, T, E>
    where
        H: Fn(I) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        PoolBuilder::new(name, workers, handler)
    }

    /// Puts an item in at priority 0, and returns its handle. What it meets when there is no room says
    /// [`WhenFull`](crate::WhenFull).
    ///
    /// # Errors
    ///
    /// [`NotTaken`], with the item, when there is no room or the pool has stopped.
    ///
    /// See the [module](crate::pool) for an example.
    pub async fn submit(&self, item: I) -> Result<Handle<T, E>, NotTaken<I>> {
        self.crew.desk.submit(0, item).await
    }

    /// [`submit`](Self::submit) at another priority: above 0 goes earlier, below 0 later. See the
    /// [module](crate::pool#order) for what a level is worth.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    ///
    /// ```
    /// use steadfast_tasks::pool::Pool;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::{Arc, Mutex};
    /// let order = Arc::new(Mutex::new(Vec::new()));
    /// # let seen = order.clone();
    /// let handler = move |what: &'static str| {
    ///     seen.lock().unwrap().push(what);
    ///     async move { Ok::<_, std::io::Error>(()) }
    /// };
    /// let pool = Pool::builder("refunds", 1, handler).build()?;
    /// let nightly = pool.submit_at(-5, "nightly report").await?;
    /// let refund = pool.submit_at(5, "refund").await?;
    /// nightly.await?;
    /// refund.await?;
    /// assert_eq!(*order.lock().unwrap(), ["refund", "nightly report"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn submit_at(&self, priority: i8, item: I) -> Result<Handle<T, E>, NotTaken<I>> {
        self.crew.desk.submit(priority, item).await
    }

    /// Makes it that many workers. New ones begin at once; those that are too many finish what they work
    /// on and go.
    ///
    /// # Errors
    ///
    /// On zero, which nothing would be worked on by. Nothing changes then.
    ///
    /// ```
    /// use steadfast_tasks::pool::Pool;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::builder("mails", 2, |to: u32| async move { Ok::<_, std::io::Error>(to) }).build()?;
    /// pool.resize(16)?; // the queue is long
    /// assert_eq!(pool.stats().workers, 16);
    /// assert_eq!(pool.resize(0).unwrap_err().to_string(), "`workers` must be at least 1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn resize(&self, workers: usize) -> Result<(), PolicyError> {
        self.crew.resize(workers)
    }

    /// Lets nobody in any more, waits at most this long until all that is in has been worked on, then
    /// interrupts what runs and gives back what is queued. `Duration::MAX` waits for all of it.
    ///
    /// Work that is interrupted is dropped at the await where it stands; nobody waits for a handler
    /// that does not await. Dropped before its end, a stop has closed the pool and nothing else, and
    /// another one may follow; where several stop at once, the first whose time is up gets the items.
    ///
    /// See [`Stopped`] for an example.
    ///
    /// # Panics
    ///
    /// Where the runtime has its timer off, as tokio's timeouts do.
    pub async fn stop(&self, limit: Duration) -> Stopped<I> {
        self.crew.stop(limit).await
    }

    /// What it has, does and has done.
    ///
    /// See [`Stats`] for an example.
    pub fn stats(&self) -> Stats {
        self.crew.desk.stats()
    }
}

impl<I, T, E> Clone for Pool<I, T, E> {
    fn clone(&self) -> Self {
        Self { crew: Arc::clone(&self.crew) }
    }
}

impl<I, T, E> fmt::Debug for Pool<I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let desk = &self.crew.desk;
        f.debug_struct("Pool").field("name", &desk.settings.name).field("stats", &desk.stats()).finish_non_exhaustive()
    }
}
