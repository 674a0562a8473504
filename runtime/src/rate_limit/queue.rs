//! Those of this process who wait for a limit that processes share: first come, first served.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::sync::Mutex;

/// The lines, one for each key that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Queues(Mutex<HashMap<Option<Arc<[u8]>>, Arc<Queue>>>);

#[derive(Debug)]
struct Queue {
    /// Whose turn it is asks the backend, and sleeps; the others wait for the turn.
    turn: Semaphore,
    state: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: usize,
    /// When the first of them asks next.
    next: Option<Instant>,
}

impl Queue {
    fn line<T>(&self, step: impl FnOnce(&mut Line) -> T) -> T {
        step(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Queues {
    fn with<T>(&self, step: impl FnOnce(&mut HashMap<Option<Arc<[u8]>>, Arc<Queue>>) -> T) -> T {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many wait, for whatever key.
    pub(super) fn waiting(&self) -> u64 {
        self.with(|queues| queues.values().map(|queue| queue.line(|line| line.waiting as u64)).sum())
    }

    /// When the first of those who wait for the key asks next. `None` when nobody waits.
    pub(super) fn next(&self, key: Option<&Arc<[u8]>>, now: Instant) -> Option<Instant> {
        let next = |queue: &Arc<Queue>| queue.line(|line| line.next.unwrap_or(now).max(now));
        self.with(|queues| queues.get(&key.cloned()).map(next))
    }

    /// Stands at the end of the key's line.
    pub(super) fn join(&self, key: Option<Arc<[u8]>>) -> InLine<'_> {
        let made = || Arc::new(Queue { turn: Semaphore::new(1), state: Mutex::default() });
        let queue = self.with(|queues| {
            let queue = queues.entry(key.clone()).or_insert_with(made);
            queue.line(|line| line.waiting += 1);
            Arc::clone(queue)
        });
        InLine { queues: self, key, queue }
    }
}

/// A place in a line. Dropping it leaves the line, and the last to leave takes it away.
#[derive(Debug)]
pub(super) struct InLine<'a> {
    queues: &'a Queues,
    key: Option<Arc<[u8]>>,
    queue: Arc<Queue>,
}

impl InLine<'_> {
    /// Waits until all who came before have gone.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.queue.turn.acquire().await
    }

    /// Tells the others when the first asks next.
    pub(super) fn asks_next(&self, at: Instant) {
        self.queue.line(|line| line.next = Some(at));
    }

    /// When the first asks next, as far as it is known.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.line(|line| line.next)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.queues.with(|queues| {
            let left = self.queue.line(|line| {
                line.waiting -= 1;
                line.waiting
            });
            if left == 0 {
                queues.remove(&self.key);
            }
        });
    }
}
