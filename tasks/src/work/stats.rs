use super::error::TaskError;
use super::intake::Intake;
use super::seats::Seats;

/// What a pool or a batcher has, does and has done, in this moment.
///
/// ```
/// use steadfast_tasks::pool::Pool;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder("mails", 2, |to: u32| async move { Ok::<_, std::io::Error>(to) }).build()?;
/// pool.submit(1).await?.await?;
/// let left_alone = pool.submit(2).await?;
/// let stats = pool.stats();
/// assert_eq!((stats.workers, stats.queued, stats.running, stats.done), (2, 1, 0, 1));
/// # left_alone.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many workers there are to be; those who still finish their last work are not among them.
    pub workers: usize,
    /// Items in the queue.
    pub queued: usize,
    /// Submitters who wait for room in it.
    pub waiting: usize,
    /// Items that are worked on.
    pub running: usize,
    /// Items of which the handler made a result.
    pub done: u64,
    /// Items that ended with the handler's error.
    pub failed: u64,
    /// Items over which the handler panicked.
    pub panicked: u64,
    /// Items that were cancelled, in the queue or at work.
    pub cancelled: u64,
    /// Items that made room for newer ones.
    pub dropped: u64,
    /// Items that a stop left undone or interrupted.
    pub stopped: u64,
}

#[cfg(test)]
impl Stats {
    /// However they ended.
    pub(crate) fn ended(&self) -> u64 {
        self.done + self.failed + self.panicked + self.cancelled + self.dropped + self.stopped
    }
}

/// How many items have ended, by how.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    done: u64,
    failed: u64,
    panicked: u64,
    cancelled: u64,
    dropped: u64,
    stopped: u64,
}

impl Counts {
    pub(crate) fn add<T, E>(&mut self, outcome: &Result<T, TaskError<E>>) {
        let count = match outcome {
            Ok(_) => &mut self.done,
            Err(TaskError::Failed(_)) => &mut self.failed,
            Err(TaskError::Panicked(_)) => &mut self.panicked,
            Err(TaskError::Cancelled { .. }) => &mut self.cancelled,
            Err(TaskError::Dropped) => &mut self.dropped,
            Err(TaskError::Stopped { .. }) => &mut self.stopped,
        };
        *count = count.saturating_add(1);
    }

    pub(crate) fn add_cancelled(&mut self) {
        self.cancelled = self.cancelled.saturating_add(1);
    }

    pub(crate) fn add_dropped(&mut self) {
        self.dropped = self.dropped.saturating_add(1);
    }

    pub(crate) fn add_stopped(&mut self, items: usize) {
        self.stopped = self.stopped.saturating_add(items as u64);
    }

    pub(crate) fn stats<J, W>(&self, intake: &Intake<J, W>, seats: &Seats) -> Stats {
        Stats {
            workers: seats.workers(),
            queued: intake.queued(),
            waiting: intake.waiting(),
            running: seats.running(),
            done: self.done,
            failed: self.failed,
            panicked: self.panicked,
            cancelled: self.cancelled,
            dropped: self.dropped,
            stopped: self.stopped,
        }
    }
}
