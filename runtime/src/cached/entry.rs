//! A kept result with its own deadlines.

use std::any::Any;
use std::time::Duration;

use tokio::time::Instant;

use super::decision::{Standing, Times, nanos};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is kept.
pub enum Kept<V> {
    /// A value, or a whole result.
    Value(V),
    /// A function's definite "no", in a cache that keeps values.
    No(Box<dyn Any + Send + Sync>),
}

pub(super) struct Entry<V> {
    /// Before that it is fresh without another look, unless it is dead.
    sure: Instant,
    born: Instant,
    /// The shelf's clearings before it was loaded.
    pub(super) epoch: u64,
    pub(super) kept: Kept<V>,
    times: Times,
    /// It was invalidated while it was being stored: good for nothing.
    dead: AtomicBool,
    /// The age when it was last handed out. Written only where there is an idle time or a refresh,
    /// so that readers need not share a written line.
    used: AtomicU64,
    /// The age at which the next refresh is due.
    due: AtomicU64,
}

impl<V> Entry<V> {
    pub(super) fn new(kept: Kept<V>, born: Instant, epoch: u64, times: Times) -> Self {
        let sure = born.checked_add(Duration::from_nanos(times.sure())).unwrap_or(born);
        let (used, due) = (AtomicU64::new(0), AtomicU64::new(times.refresh));
        Self { sure, born, epoch, kept, times, dead: AtomicBool::new(false), used, due }
    }

    fn age(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.born))
    }

    /// What it is good for now. Where it is fresh it counts as handed out.
    #[inline]
    pub(super) fn look(&self, now: Instant) -> Standing {
        match now < self.sure && !self.is_dead() {
            true => Standing::Fresh,
            false => self.look_closer(now),
        }
    }

    #[cold]
    fn look_closer(&self, now: Instant) -> Standing {
        if self.is_dead() {
            return Standing::Over;
        }
        let age = self.age(now);
        let used = self.used.load(Ordering::Relaxed);
        let standing = self.times.standing(age, used, self.due.load(Ordering::Relaxed));
        if matches!(standing, Standing::Fresh | Standing::Due) {
            self.used.fetch_max(age, Ordering::Relaxed);
        }
        standing
    }

    /// How long it still lives.
    pub(super) fn left(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.times.life.saturating_sub(self.age(now)))
    }

    /// Whether it may still stand in for a load that failed.
    pub(super) fn stands_in(&self, now: Instant) -> bool {
        !self.is_dead() && self.age(now) < self.times.stand_in.max(self.times.life)
    }

    /// Takes the refresh that is due. One of those who try gets it, until it is given back.
    pub(super) fn claim_refresh(&self) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        let claim = |due| self.due.compare_exchange(due, u64::MAX, Ordering::AcqRel, Ordering::Relaxed);
        due != u64::MAX && claim(due).is_ok()
    }

    /// Gives the refresh back: due at once, or after a pause where it failed.
    pub(super) fn give_refresh_back(&self, failed: Option<Instant>) {
        let due = failed.map_or(self.times.refresh, |now| self.times.refresh_again(self.age(now)));
        self.due.store(due, Ordering::Release);
    }

    /// From now on it is good for nothing: it was invalidated while it was being stored.
    pub(super) fn kill(&self) {
        self.dead.store(true, Ordering::Release);
    }

    /// It is good after all. Only for who killed it before anybody else had it.
    pub(super) fn revive(&self) {
        self.dead.store(false, Ordering::Release);
    }

    #[inline]
    fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }
}
