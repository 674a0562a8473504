//! The state of one cache with its types: the entries, the runs under way, and what is counted.

use std::hash::Hash;
use std::sync::Arc;

use moka::notification::RemovalCause;
use serde::de::DeserializeOwned;

use super::decision::{Standing, Times};
use super::entry::{Entry, Kept};
use super::flight::{Flight, Flights};
use super::hear::{Hears, Origin};
use super::limits::Limits;
use super::stats::{CacheStats, Counters};
use crate::clock;
use crate::key::{Borrowed, Key, Seeds};
use crate::slot::Shelved;
use crate::sync::atomic::{AtomicU64, Ordering};

pub(super) struct Shelf<O, V> {
    // moka bounds the size. The time is the entries' own, so that it follows a paused clock.
    entries: moka::sync::Cache<O, Arc<Entry<V>>, Seeds>,
    pub(super) flights: Flights<O, V>,
    pub(super) limits: Limits,
    /// How often it was cleared. What was loaded before the last time is not handed out.
    epoch: AtomicU64,
    /// How often a key was invalidated or primed, or all were.
    changes: AtomicU64,
    pub(super) counters: Arc<Counters>,
    /// Who this cache is to the others that share its second tier.
    pub(super) origin: Origin,
}

impl<O, V> Shelf<O, V>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(super) fn new(limits: Limits) -> Self {
        let counters = Arc::new(Counters::default());
        let told = counters.clone();
        let entries =
            moka::sync::Cache::builder().max_capacity(limits.max_entries).eviction_listener(move |_, _, why| {
                if why == RemovalCause::Size {
                    told.evictions.one();
                }
            });
        let (epoch, changes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            entries: entries.build_with_hasher(Seeds::default()),
            flights: Flights::new(),
            limits,
            epoch,
            changes,
            counters,
            origin: Origin::random(),
        }
    }

    /// The entry of a key and its standing, unless it is good for nothing.
    #[inline]
    pub(super) fn get<K: Key<Owned = O>>(&self, key: &K) -> Option<(Arc<Entry<V>>, Standing)> {
        let entry = self.entries.get(&Borrowed(key))?;
        if entry.epoch != self.epoch() {
            return None;
        }
        match entry.look(clock::mono()) {
            Standing::Over => None,
            standing => Some((entry, standing)),
        }
    }

    /// [`get`](Self::get) of an entry that is fresh.
    #[inline(always)]
    pub(super) fn fresh<K: Key<Owned = O>>(&self, key: &K) -> Option<Arc<Entry<V>>> {
        let entry = self.entries.get(&Borrowed(key))?;
        let fresh = entry.epoch == self.epoch() && entry.look(clock::mono()) == Standing::Fresh;
        fresh.then_some(entry)
    }

    #[inline]
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// An entry of now.
    pub(super) fn entry(&self, kept: Kept<V>, epoch: u64, times: Times) -> Arc<Entry<V>> {
        Arc::new(Entry::new(kept, clock::mono(), epoch, times))
    }

    /// Keeps what a flight loaded, unless its key was invalidated since the load began.
    pub(super) fn keep(&self, key: O, entry: &Arc<Entry<V>>, flight: &Flight<V>) {
        if flight.may_keep(entry) {
            self.entries.insert(key, entry.clone());
        }
    }

    /// Keeps what was loaded outside of a flight, unless anything was invalidated meanwhile.
    pub(super) fn keep_alone(&self, key: O, entry: &Arc<Entry<V>>, changes: u64) {
        if self.changes() != changes {
            return;
        }
        // Good for nothing until it is sure: between the look and the insertion the key may have been
        // invalidated, and whoever did that must not find it.
        entry.kill();
        self.entries.insert(key, entry.clone());
        if self.changes() == changes {
            entry.revive();
        }
    }

    /// Keeps an entry as a flight of another function would.
    #[cfg(test)]
    pub(super) fn overtake(&self, key: O, entry: Arc<Entry<V>>) {
        self.entries.insert(key, entry);
    }

    /// Forgets a key. A load under way is not kept, and nobody joins it any more.
    pub(super) fn forget<K: Key<Owned = O>>(&self, key: &K) {
        self.forget_owned(&key.to_owned_key());
    }

    /// [`forget`](Self::forget) for a key that is owned.
    pub(super) fn forget_owned(&self, key: &O) {
        self.changed(key);
        self.entries.invalidate(key);
        self.flights.void(key);
    }

    /// Puts a value in a key's place, whatever is under way.
    pub(super) fn put(&self, key: O, entry: Arc<Entry<V>>) {
        self.forget_owned(&key);
        self.entries.insert(key, entry);
    }

    /// What is under way is void, before the entry goes: a load that began earlier is then not kept. Where
    /// the entry goes afterwards it is void once more: a flight that began in between may have found the
    /// old entry, and those who board from then on must not get it.
    fn changed(&self, key: &O) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.flights.void(key);
    }

    /// Takes an entry out, if it is still there.
    pub(super) fn end(&self, key: &O, entry: &Arc<Entry<V>>) {
        entry.kill();
        if self.entries.get(key).is_some_and(|now| Arc::ptr_eq(&now, entry)) {
            self.entries.invalidate(key);
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        self.counters.read(self.entries())
    }
}

impl<O, V> Hears for Shelf<O, V>
where
    O: DeserializeOwned + Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn origin(&self) -> Origin {
        self.origin
    }

    fn forget_written(&self, key: &[u8]) {
        match serde_json::from_slice(key) {
            Ok(key) => self.forget_owned(&key),
            // One of another version of the program, which may mean any of these.
            Err(_) => self.clear(),
        }
    }

    fn forget_all(&self) {
        self.clear();
    }
}

impl<O, V> Shelved for Shelf<O, V>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn entries(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }

    fn clear(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        // From here on nothing older is handed out; the rest gives the memory back.
        let epoch = self.epoch.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        self.flights.void_all();
        for (key, entry) in self.entries.iter() {
            if entry.epoch < epoch {
                self.entries.invalidate(&*key);
            }
        }
    }
}
