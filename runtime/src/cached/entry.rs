//! A kept result with its own deadline.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::decision::{Limits, fresh};

#[derive(Debug)]
pub(super) struct Entry<R> {
    pub(super) value: R,
    born: Instant,
    life: Duration,
    /// Its age when it was last handed out, in nanoseconds.
    used: AtomicU64,
}

impl<R> Entry<R> {
    pub(super) fn new(value: R, born: Instant, life: Duration) -> Self {
        Self { value, born, life, used: AtomicU64::new(0) }
    }

    /// Whether it may be handed out now; if so, it counts as used.
    pub(super) fn take(&self, limits: &Limits, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.born);
        let used = Duration::from_nanos(self.used.load(Ordering::Relaxed));
        let fresh = fresh(self.life, limits.idle, age, used);
        // Without an idle time nobody reads it, and readers need not share a written line.
        if fresh && limits.idle.is_some() {
            let nanos = u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
            self.used.fetch_max(nanos, Ordering::Relaxed);
        }
        fresh
    }
}
