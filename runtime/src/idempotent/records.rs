//! The table of one part of a [`MemoryStore`](super::MemoryStore).

use hashbrown::HashTable;

use super::record::{Record, RecordId};
use crate::key::Seeds;

/// An identity with its hash, which is made once: for the part of the store, and for the place in it.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) id: &'a RecordId,
    hash: u64,
}

impl<'a> Sought<'a> {
    #[inline]
    pub(super) fn new(id: &'a RecordId, seeds: &Seeds) -> Self {
        Self { id, hash: seeds.hash(id) }
    }

    /// Which of so many parts has the record. Not the lowest bits, nor the highest: the table looks at those.
    #[inline]
    pub(super) fn part(self, of: usize) -> usize {
        (self.hash >> 48) as usize % of
    }
}

/// Records by their identity.
#[derive(Default)]
pub(super) struct Records(HashTable<(RecordId, Record)>);

impl Records {
    #[inline]
    pub(super) fn get(&self, sought: Sought<'_>) -> Option<&Record> {
        self.0.find(sought.hash, |(id, _)| id == sought.id).map(|(_, record)| record)
    }

    pub(super) fn get_mut(&mut self, sought: Sought<'_>) -> Option<&mut Record> {
        self.0.find_mut(sought.hash, |(id, _)| id == sought.id).map(|(_, record)| record)
    }

    /// Puts a record where there is none of that identity.
    pub(super) fn insert(&mut self, sought: Sought<'_>, record: Record, seeds: &Seeds) {
        self.0.insert_unique(sought.hash, (sought.id.clone(), record), |(id, _)| seeds.hash(id));
    }

    /// Whether there was one.
    pub(super) fn remove(&mut self, sought: Sought<'_>) -> bool {
        let found = self.0.find_entry(sought.hash, |(id, _)| id == sought.id);
        found.map(|entry| entry.remove()).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(RecordId, Record)> {
        self.0.iter()
    }
}
