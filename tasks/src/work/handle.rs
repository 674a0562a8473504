//! What a submitter holds.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::error::TaskError;
use super::state::Outcome;

/// Takes one job out of the queue, or interrupts the work on it.
pub(crate) trait Cancel: Send + Sync {
    fn cancel(&self, id: u64);
}

/// An item that was taken: awaited, it gives the handler's result.
///
/// Dropping a handle changes nothing for the item: what was taken is worked on, and a failure of which
/// nobody hears is logged and counted. To end the work with its submitter say so with
/// [`cancel_on_drop`](Self::cancel_on_drop).
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::TaskError;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// async fn export(rows: u32) -> Result<u32, std::io::Error> {
///     tokio::time::sleep(Duration::from_secs(rows.into())).await;
///     Ok(rows)
/// }
///
/// let pool = Pool::builder("exports", 1, export).build()?;
/// let (short, long) = (pool.submit(10).await?, pool.submit(3600).await?);
/// assert_eq!(short.await?, 10);
///
/// long.cancel();
/// assert!(matches!(long.await, Err(TaskError::Cancelled { .. })));
/// # Ok(())
/// # }
/// ```
#[must_use = "it has the item's result; `drop` it to let the work go on without you"]
pub struct Handle<T, E> {
    id: u64,
    /// Gone when it has told.
    told: Option<oneshot::Receiver<Outcome<T, E>>>,
    desk: Arc<dyn Cancel>,
    cancel_on_drop: bool,
}

impl<T, E> Handle<T, E> {
    pub(crate) fn new(id: u64, told: oneshot::Receiver<Outcome<T, E>>, desk: Arc<dyn Cancel>) -> Self {
        Self { id, told: Some(told), desk, cancel_on_drop: false }
    }

    /// Cancels the item, unless it has ended.
    ///
    /// In the queue it is taken out, dropped, and never begins. In a pool, running work is dropped at
    /// the await where it stands, and what it did is unknown; a handler that does not await is not
    /// interrupted. In a batcher an item whose batch runs stays in it and ends with it. What
    /// happened is what the handle gives, when it is awaited afterwards.
    ///
    /// See [`Handle`] for an example.
    pub fn cancel(&self) {
        if self.told.is_some() {
            self.desk.cancel(self.id);
        }
    }

    /// Cancels the item when this handle is dropped before it has given the result: for work that is
    /// worth nothing without its submitter, such as an answer to a client that has gone.
    ///
    /// ```
    /// use steadfast_tasks::pool::Pool;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::builder("previews", 1, |page: u32| async move { Ok::<_, std::io::Error>(page) }).build()?;
    /// let preview = pool.submit(1).await?.cancel_on_drop();
    /// drop(preview);
    /// assert_eq!(pool.stats().cancelled, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_on_drop(mut self) -> Self {
        self.cancel_on_drop = true;
        self
    }
}

/// Once it has given its result it is pending for ever.
impl<T, E> Future for Handle<T, E> {
    type Output = Result<T, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(told) = &mut self.told else {
            return Poll::Pending;
        };
        let polled = Pin::new(told).poll(cx);
        polled.map(|told| {
            self.told = None;
            // Who was to tell was dropped in the middle of the work, together with its runtime.
            told.unwrap_or(Err(TaskError::Stopped { began: true }))
        })
    }
}

impl<T, E> Drop for Handle<T, E> {
    fn drop(&mut self) {
        if self.cancel_on_drop {
            self.cancel();
        }
    }
}

impl<T, E> fmt::Debug for Handle<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id)
            .field("cancel_on_drop", &self.cancel_on_drop)
            .finish_non_exhaustive()
    }
}
