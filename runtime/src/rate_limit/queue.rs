//! Those of this process who wait for a limit that processes share: first come, first served.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};

/// The lines, one for each key that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Queues {
    next_ticket: AtomicU64,
    lines: Mutex<Lines>,
}

type Lines = HashMap<Option<Arc<[u8]>>, Line>;

/// Those who wait, in the order they came. The first asks the backend, and sleeps; the others wait until
/// they are the first.
#[derive(Debug, Default)]
struct Line {
    waiters: BTreeMap<u64, Arc<Notify>>,
    /// When the first of them asks next.
    next: Option<Instant>,
}

impl Line {
    fn is_first(&self, ticket: u64) -> bool {
        self.waiters.first_key_value().is_some_and(|(first, _)| *first == ticket)
    }
}

impl Queues {
    fn with<T>(&self, step: impl FnOnce(&mut Lines) -> T) -> T {
        step(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ticket of a call that comes now. It is kept while the call asks for the first time, and so
    /// nobody who came later gets in front of it.
    pub(super) fn ticket(&self) -> u64 {
        self.next_ticket.fetch_add(1, Ordering::Relaxed)
    }

    /// How many wait, for whatever key.
    pub(super) fn waiting(&self) -> u64 {
        self.with(|lines| lines.values().map(|line| line.waiters.len() as u64).sum())
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.with(|lines| lines.is_empty())
    }

    /// When the first of those who wait for the key asks next. `None` when nobody waits.
    pub(super) fn next(&self, key: Option<&Arc<[u8]>>, now: Instant) -> Option<Instant> {
        self.with(|lines| lines.get(&key.cloned()).map(|line| line.next.unwrap_or(now).max(now)))
    }

    /// Takes its place in the key's line.
    pub(super) fn join(&self, key: Option<Arc<[u8]>>, ticket: u64) -> InLine<'_> {
        let is_first = Arc::new(Notify::new());
        self.with(|lines| lines.entry(key.clone()).or_default().waiters.insert(ticket, Arc::clone(&is_first)));
        InLine { queues: self, key, ticket, is_first }
    }
}

/// A place in a line. Dropping it leaves the line, and the last to leave takes it away.
#[derive(Debug)]
pub(super) struct InLine<'a> {
    queues: &'a Queues,
    key: Option<Arc<[u8]>>,
    ticket: u64,
    is_first: Arc<Notify>,
}

impl InLine<'_> {
    fn line<T>(&self, step: impl FnOnce(&mut Line) -> T) -> Option<T> {
        self.queues.with(|lines| lines.get_mut(&self.key).map(step))
    }

    /// Waits until all who came before have gone.
    pub(super) async fn turn(&self) {
        while !self.line(|line| line.is_first(self.ticket)).unwrap_or(true) {
            self.is_first.notified().await;
        }
    }

    /// Tells the others when the first asks next.
    pub(super) fn asks_next(&self, at: Instant) {
        self.line(|line| line.next = Some(at));
    }

    /// When the first asks next, as far as it is known.
    pub(super) fn next(&self) -> Option<Instant> {
        self.line(|line| line.next).flatten()
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let next = self.queues.with(|lines| {
            let line = lines.get_mut(&self.key)?;
            line.waiters.remove(&self.ticket);
            let next = line.waiters.first_key_value().map(|(_, next)| Arc::clone(next));
            if next.is_none() {
                lines.remove(&self.key);
            }
            next
        });
        // Who was the first already looks once more, and goes on.
        if let Some(next) = next {
            next.notify_one();
        }
    }
}
