//! How a pool is built.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{Pool, worker};
use crate::work::{Begin, BuildError, Crew, Settings, WhenFull, Workers};

/// A pool's settings. See [`Pool::builder`].
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::WhenFull;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder("mails", 8, |to: String| async move { Ok::<_, std::io::Error>(to.len()) })
///     .capacity(500)
///     .when_full(WhenFull::Refuse)
///     .ageing(Duration::from_secs(30))
///     .build()?;
/// # let _ = pool;
/// # Ok(())
/// # }
/// ```
#[must_use = "it builds nothing before `build`"]
pub struct PoolBuilder<I, T, E> {
    settings: Settings,
    begin: Begin<I, T, E>,
}

impl<I, T, E> PoolBuilder<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    pub(super) fn new<H, F>(name: &'static str, workers: usize, handler: H) -> Self
    where
        H: Fn(I) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let begin = Begin::new(move |seat| worker::work(seat, Arc::clone(&handler)));
        Self { settings: Settings::new("pool", name, Workers("workers", workers), 1), begin }
    }

    /// How many items may be queued, apart from those that are worked on; at least 1. Default 1024.
    ///
    /// See [`PoolBuilder`] for an example.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.settings.capacity = capacity;
        self
    }

    /// What a submitter meets when the queue is full. Default [`WhenFull::Wait`].
    ///
    /// See [`PoolBuilder`] for an example.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.settings.when_full = when_full;
        self
    }

    /// How much waiting a level of priority is worth; more than zero. Default ten seconds. Above all
    /// times in the queue (`Duration::MAX`), priorities are strict, and unimportant items may wait for
    /// ever.
    ///
    /// See [`PoolBuilder`] for an example.
    pub fn ageing(mut self, ageing: Duration) -> Self {
        self.settings.ageing = ageing;
        self
    }

    /// Builds the pool and begins its workers, on the tokio runtime that this is called in.
    ///
    /// # Errors
    ///
    /// On a setting that cannot be, by its name, and where there is no runtime.
    ///
    /// See [`BuildError`] for an example.
    pub fn build(self) -> Result<Pool<I, T, E>, BuildError> {
        Ok(Pool { crew: Arc::new(Crew::new(self.settings, self.begin)?) })
    }
}

impl<I, T, E> fmt::Debug for PoolBuilder<I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
