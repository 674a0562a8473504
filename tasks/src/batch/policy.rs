//! How a batcher is built.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::decision::Limits;
use super::{BatchError, Batcher, Results, worker};
use crate::work::{Begin, BuildError, Crew, Settings, WhenFull, Workers};

/// A batcher's settings. See [`Batcher::builder`].
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::WhenFull;
/// use steadfast_tasks::batch::Batcher;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let insert = |rows: Vec<u64>| async move { Ok::<_, std::io::Error>(rows.into_iter().map(Ok).collect()) };
/// let rows = Batcher::builder("rows", 500, Duration::from_millis(20), insert)
///     .capacity(5_000)
///     .concurrency(4)
///     .when_full(WhenFull::Refuse)
///     .build()?;
/// # let _ = rows;
/// # Ok(())
/// # }
/// ```
#[must_use = "it builds nothing before `build`"]
pub struct BatcherBuilder<I, T, E> {
    settings: Settings,
    begin: Begin<I, T, BatchError<E>>,
}

impl<I, T, E> BatcherBuilder<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + Sync + 'static,
{
    pub(super) fn new<H, F>(name: &'static str, max_size: usize, max_wait: Duration, handler: H) -> Self
    where
        H: Fn(Vec<I>) -> F + Send + Sync + 'static,
        F: Future<Output = Results<T, E>> + Send + 'static,
    {
        let (handler, limits) = (Arc::new(handler), Limits { max_size, max_wait });
        let begin = Begin::new(move |seat| worker::work(seat, limits, Arc::clone(&handler)));
        Self { settings: Settings::new("batcher", name, Workers("concurrency", 1), max_size), begin }
    }

    /// How many items may be gathered, apart from those in batches that run; at least `max_size`. Default
    /// 1024, or `max_size` where that is more.
    ///
    /// See [`BatcherBuilder`] for an example.
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.settings.capacity = capacity;
        self
    }

    /// How many batches may run at once; at least 1, which is the default: then they run in the order
    /// of their items.
    ///
    /// See [`BatcherBuilder`] for an example.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.settings.workers = Workers("concurrency", concurrency);
        self
    }

    /// What a submitter meets when there is no room. Default [`WhenFull::Wait`].
    ///
    /// See [`BatcherBuilder`] for an example.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.settings.when_full = when_full;
        self
    }

    /// Builds the batcher and begins its workers, on the tokio runtime that this is called in.
    ///
    /// # Errors
    ///
    /// On a setting that cannot be, by its name, and where there is no runtime.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast_tasks::batch::Batcher;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let insert = |rows: Vec<u64>| async move { Ok::<_, std::io::Error>(rows.into_iter().map(Ok).collect()) };
    /// let built = Batcher::builder("rows", 500, Duration::from_millis(20), insert).capacity(100).build();
    /// let error = built.unwrap_err().to_string();
    /// assert_eq!(error, "`capacity` must be at least `max_size`, or no batch ever gets full");
    /// # }
    /// ```
    pub fn build(self) -> Result<Batcher<I, T, E>, BuildError> {
        Ok(Batcher { crew: Arc::new(Crew::new(self.settings, self.begin)?) })
    }
}

impl<I, T, E> fmt::Debug for BatcherBuilder<I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatcherBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
