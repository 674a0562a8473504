//! One part of the map, under one lock.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use crate::key::{Key, Seeds};
use crate::sync::atomic::{AtomicUsize, Ordering};

/// How many places each new key looks at for keys to forget. At least two of five places of a
/// table are taken, so more keys are looked at than come.
const LOOKED_AT: usize = 8;

/// So few keys are left alone: to make one again costs more than to keep it.
const FEW: usize = 8;

pub(super) struct Shard<K, S> {
    table: HashTable<(K, S)>,
    /// The place where the next look begins.
    hand: usize,
}

impl<K, S> Default for Shard<K, S> {
    fn default() -> Self {
        Self { table: HashTable::new(), hand: 0 }
    }
}

impl<K: Hash, S> Shard<K, S> {
    #[inline]
    pub(super) fn find<Q: Key<Owned = K>>(&mut self, hash: u64, key: &Q) -> Option<(&K, &mut S)> {
        self.table.find_mut(hash, |(owned, _)| key.is(owned)).map(|(key, state)| (&*key, state))
    }

    pub(super) fn find_owned(&mut self, hash: u64, key: &K) -> Option<&mut S>
    where
        K: Eq,
    {
        self.table.find_mut(hash, |(owned, _)| owned == key).map(|(_, state)| state)
    }

    pub(super) fn insert(&mut self, hash: u64, entry: (K, S), hasher: &Seeds) -> (&K, &mut S) {
        let entry = self.table.insert_unique(hash, entry, |(key, _)| hasher.hash_one(key));
        let (key, state) = entry.into_mut();
        (&*key, state)
    }

    /// Forgets a key, or what can be forgotten of it; whether it was there.
    pub(super) fn forget<Q: Key<Owned = K>>(
        &mut self,
        len: &AtomicUsize,
        hash: u64,
        key: &Q,
        clear: impl FnOnce(&mut S) -> bool,
    ) -> bool {
        let Ok(mut entry) = self.table.find_entry(hash, |(owned, _)| key.is(owned)) else { return false };
        if clear(&mut entry.get_mut().1) {
            entry.remove();
            len.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }

    /// Looks at a few keys, others each time, and forgets those that are idle.
    pub(super) fn forget_some(&mut self, len: &AtomicUsize, mut is_idle: impl FnMut(&K, &S) -> bool, hasher: &Seeds) {
        if self.table.len() < FEW {
            return;
        }
        for _ in 0..LOOKED_AT.min(self.table.num_buckets()) {
            self.hand = if self.hand < self.table.num_buckets() { self.hand + 1 } else { 0 };
            let Ok(entry) = self.table.get_bucket_entry(self.hand) else { continue };
            let (key, state) = entry.get();
            if is_idle(key, state) {
                entry.remove();
                len.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.shrink(hasher);
    }

    /// Forgets all keys that are idle.
    pub(super) fn forget_all(&mut self, len: &AtomicUsize, mut is_idle: impl FnMut(&K, &S) -> bool, hasher: &Seeds) {
        self.table.retain(|(key, state)| {
            let idle = is_idle(key, state);
            if idle {
                len.fetch_sub(1, Ordering::Relaxed);
            }
            !idle
        });
        self.shrink(hasher);
    }

    /// Gives memory back when most of it is not needed any more.
    fn shrink(&mut self, hasher: &Seeds) {
        let len = self.table.len();
        if self.table.capacity() > (8 * FEW).max(len.saturating_mul(4)) {
            self.table.shrink_to(len.saturating_mul(2), |(key, _)| hasher.hash_one(key));
        }
    }
}

impl<K, S> Shard<K, S> {
    pub(super) fn states(&self) -> impl Iterator<Item = &S> {
        self.table.iter().map(|(_, state)| state)
    }

    pub(super) fn retain(&mut self, len: &AtomicUsize, mut keeps: impl FnMut(&mut S) -> bool) {
        self.table.retain(|(_, state)| {
            let kept = keeps(state);
            if !kept {
                len.fetch_sub(1, Ordering::Relaxed);
            }
            kept
        });
    }
}
