//! The state of one cached function with its types: the entries and the runs under way.

use std::hash::Hash;
use std::sync::Arc;

use tokio::time::Instant;

use super::decision::Limits;
use super::entry::Entry;
use super::flight::Flights;
use crate::key::{Borrowed, Key};
use crate::slot::Shelved;

pub(super) struct Shelf<O, R, J> {
    // moka bounds the size. The time is the entries' own, so that it follows a paused clock.
    entries: moka::sync::Cache<O, Arc<Entry<R>>>,
    pub(super) flights: Flights<O, R, J>,
}

impl<O, R, J> Shelf<O, R, J>
where
    O: Hash + Eq + Send + Sync + 'static,
    R: Send + Sync + 'static,
{
    pub(super) fn new(limits: &Limits) -> Self {
        Self { entries: moka::sync::Cache::new(limits.max_entries), flights: Flights::new() }
    }

    /// The entry of a key, unless it expired.
    pub(super) fn get<K: Key<Owned = O>>(
        &self,
        key: &K,
        limits: &Limits,
        now: impl FnOnce() -> Instant,
    ) -> Option<Arc<Entry<R>>> {
        self.entries.get(&Borrowed(key)).filter(|entry| entry.take(limits, now()))
    }

    pub(super) fn insert(&self, key: O, entry: Arc<Entry<R>>) {
        self.entries.insert(key, entry);
    }
}

impl<O, R, J> Shelved for Shelf<O, R, J>
where
    O: Hash + Eq + Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Send + Sync + 'static,
{
    fn entries(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }
}
