use std::fmt;

/// What was left when a pool or a batcher stopped.
///
/// ```
/// use std::time::Duration;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// async fn slow(order: u32) -> Result<u32, std::io::Error> {
///     tokio::time::sleep(Duration::from_secs(60)).await;
///     Ok(order)
/// }
///
/// let pool = Pool::builder("orders", 1, slow).build()?;
/// for order in [17, 18, 19] {
///     pool.submit(order).await?;
/// }
/// let left = pool.stop(Duration::from_secs(90)).await;
/// assert_eq!(left.interrupted, 1); // 18 was half done: its outcome is unknown
/// assert_eq!(left.unstarted, [19]); // to be put where the next process finds it
/// assert!(!left.is_clean());
/// # Ok(())
/// # }
/// ```
#[must_use = "it has the items that were not worked on"]
pub struct Stopped<I> {
    /// The items on which no work began, in the order in which it would have. Their handles end with
    /// [`TaskError::Stopped`](crate::TaskError::Stopped).
    pub unstarted: Vec<I>,
    /// How many items were being worked on when the time was up. That work is dropped at the await where
    /// it stands, so what it did is unknown; their handles say so.
    pub interrupted: usize,
}

impl<I> Stopped<I> {
    /// Whether all that was taken has been worked on.
    ///
    /// See [`Stopped`] for an example.
    pub fn is_clean(&self) -> bool {
        self.unstarted.is_empty() && self.interrupted == 0
    }
}

/// Without the items, which are the user's.
impl<I> fmt::Debug for Stopped<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopped")
            .field("unstarted", &self.unstarted.len())
            .field("interrupted", &self.interrupted)
            .finish()
    }
}
