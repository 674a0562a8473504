/// What a submitter meets where there is no room: one choice for the [`Pool`](crate::pool::Pool) and
/// the [`Batcher`](crate::batch::Batcher).
///
/// ```
/// use steadfast_tasks::WhenFull;
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// async fn resize(width: u32) -> Result<u32, std::io::Error> {
///     Ok(width / 2)
/// }
///
/// let pool = Pool::builder("thumbnails", 1, resize).capacity(1).when_full(WhenFull::Refuse).build()?;
/// let first = pool.submit(640).await?;
/// let refused = pool.submit(320).await.unwrap_err();
/// assert!(refused.is_full());
/// assert_eq!(refused.into_item(), 320); // nothing is lost: try later, or answer 503
/// assert_eq!(first.await?, 320);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// `submit` waits for room: the one who produces slows down. Room is given by priority and
    /// age, as work is. For a limit on the wait put `tokio::time::timeout` around `submit`: one that is
    /// dropped has put nothing in.
    #[default]
    Wait,
    /// `submit` fails at once with [`NotTaken`](crate::NotTaken), which has the item.
    Refuse,
    /// The oldest item of the lowest priority makes room, and its handle ends with
    /// [`TaskError::Dropped`](crate::TaskError::Dropped). For what loses its worth with time. Items
    /// are not dropped for one of lower priority: that one is refused.
    DropOldest,
}
