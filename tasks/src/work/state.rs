//! What stands behind a desk's lock: the pure parts together, and who of the workers sleeps.

use tokio::sync::oneshot;

use super::error::TaskError;
use super::intake::Intake;
use super::seats::Seats;
use super::settings::Settings;
use super::stats::Counts;

/// What a submitter gets to hear.
pub(crate) type Outcome<T, E> = Result<T, TaskError<E>>;
/// How a submitter hears it.
pub(crate) type Tell<T, E> = oneshot::Sender<Outcome<T, E>>;
/// Wakes who waits for room.
pub(crate) type Waker = oneshot::Sender<()>;

/// An item in the queue.
pub(crate) struct Job<I, T, E> {
    pub(crate) item: I,
    /// Gone where the workers are, with their runtime: then the submitter has been told.
    pub(crate) tell: Option<Tell<T, E>>,
}

pub(crate) struct State<I, T, E> {
    pub(crate) intake: Intake<Job<I, T, E>, Waker>,
    pub(crate) seats: Seats,
    pub(crate) counts: Counts,
    /// Jobs with smaller ids are not to wait for others to join their batch.
    pub(crate) flushed: u64,
    pub(crate) idle: Idle,
}

/// Workers who sleep.
#[derive(Default)]
pub(crate) struct Idle {
    workers: usize,
    /// Whether one was woken since somebody looked for work. Who looks and leaves some wakes the next, so
    /// one at a time is enough, and a burst does not wake all of them for what the first could do.
    woken: bool,
}

impl Idle {
    /// Whether to wake one.
    pub(crate) fn wake(&mut self) -> bool {
        let wake = self.workers > 0 && !self.woken;
        self.woken |= wake;
        wake
    }

    /// A worker, who was asleep or not, looks for work.
    pub(crate) fn looks(&mut self, asleep: bool) {
        self.woken = false;
        self.workers = self.workers.saturating_sub(usize::from(asleep));
    }

    /// A worker has found none, and sleeps from now on or not yet.
    pub(crate) fn sleeps(&mut self, sleeps: bool) {
        self.workers += usize::from(sleeps);
    }
}

impl<I, T, E> State<I, T, E> {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            intake: Intake::new(settings.capacity, settings.ageing),
            seats: Seats::default(),
            counts: Counts::default(),
            flushed: 0,
            idle: Idle::default(),
        }
    }

    /// One more may be in: whether to wake a worker. There is something to do for one when there is a first
    /// item, to wait until it is due, and when a batch is full.
    pub(crate) fn arrived(&mut self, batch: usize) -> bool {
        let queued = self.intake.queued();
        (queued == 1 || queued >= batch) && self.idle.wake()
    }
}

/// Whose wait is over. Who has gone meanwhile hands the room on.
pub(crate) fn wake(waker: impl IntoIterator<Item = Waker>) {
    for waker in waker {
        let _ = waker.send(());
    }
}
