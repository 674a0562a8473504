//! Sagas in this process's memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use steadfast::idempotent::{Held, StoreError, Token};

use super::id::SagaId;
use super::log::{Claimed, NewClaim, NewEntry, SagaLog, SagaRecord, Status, Which};

/// A log in memory, for one process: what it knows is gone when the process ends, and with it what was
/// to be undone. It is for tests, and for sagas that need not outlive a crash.
///
/// It holds a bounded number of sagas and forgets none by itself ([`purge`](SagaLog::purge) does): a full
/// one refuses new ones. Clones share the sagas.
///
/// ```
/// use steadfast_payments::saga::MemorySagaLog;
///
/// let log = MemorySagaLog::new(10_000);
/// assert!(log.is_empty());
/// ```
#[derive(Clone)]
pub struct MemorySagaLog(Arc<Memory>);

struct Memory {
    max_sagas: usize,
    sagas: Mutex<BTreeMap<SagaId, SagaRecord>>,
}

/// 100,000 sagas.
impl Default for MemorySagaLog {
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl MemorySagaLog {
    /// A log for at most so many sagas, ended ones included until they are purged.
    ///
    /// See [`MemorySagaLog`] for an example.
    pub fn new(max_sagas: usize) -> Self {
        Self(Arc::new(Memory { max_sagas, sagas: Mutex::default() }))
    }

    /// How many sagas it holds, ended ones included.
    ///
    /// ```
    /// assert_eq!(steadfast_payments::saga::MemorySagaLog::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.sagas().len()
    }

    /// Whether it holds none.
    ///
    /// See [`MemorySagaLog`] for an example.
    pub fn is_empty(&self) -> bool {
        self.sagas().is_empty()
    }

    #[cfg(all(test, feature = "conformance"))]
    pub(super) fn every(&self) -> Vec<(SagaId, SagaRecord)> {
        self.sagas().iter().map(|(id, record)| (id.clone(), record.clone())).collect()
    }

    fn sagas(&self) -> MutexGuard<'_, BTreeMap<SagaId, SagaRecord>> {
        self.0.sagas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step on the saga, if it is the token's.
    fn as_owner(&self, id: &SagaId, token: Token, step: impl FnOnce(&mut SagaRecord) -> Held) -> Held {
        match self.sagas().get_mut(id) {
            Some(record) if record.token == token => step(record),
            _ => Held::Lost,
        }
    }

    fn claim_now(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        let mut sagas = self.sagas();
        let full = sagas.len() >= self.0.max_sagas;
        match (sagas.entry(claim.id.clone()), claim.take_over) {
            (Entry::Vacant(_), Some(_)) => Ok(Claimed::Gone),
            (Entry::Vacant(_), None) if full => Err(StoreError::full()),
            (Entry::Vacant(place), None) => {
                place.insert(claim.record());
                Ok(Claimed::Won)
            }
            (Entry::Occupied(mut present), Some(seen)) if present.get().seen() == seen => {
                take_over(present.get_mut(), claim);
                Ok(Claimed::Won)
            }
            (Entry::Occupied(present), _) => Ok(Claimed::Found(present.get().clone())),
        }
    }
}

fn take_over(record: &mut SagaRecord, claim: NewClaim) {
    record.token = claim.token;
    record.version = record.version.saturating_add(1);
    record.status = Status::Open { lease_until: claim.lease_until };
    record.entries.push(claim.entry);
}

fn append(record: &mut SagaRecord, entry: NewEntry) -> Held {
    let present = u64::try_from(record.entries.len()).unwrap_or(u64::MAX);
    if present > entry.seq {
        return Held::Yes;
    }
    if present < entry.seq || !matches!(record.status, Status::Open { .. }) {
        return Held::Lost;
    }
    record.entries.push(entry.entry);
    record.version = record.version.saturating_add(1);
    record.status = record.status.after(entry.then);
    Held::Yes
}

impl SagaLog for MemorySagaLog {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.claim_now(claim)
    }

    async fn append(&self, id: &SagaId, token: Token, entry: NewEntry) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |record| append(record, entry)))
    }

    async fn renew(&self, id: &SagaId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |record| {
            if matches!(record.status, Status::Open { .. }) {
                record.status = Status::Open { lease_until };
                record.version = record.version.saturating_add(1);
            }
            Held::Yes
        }))
    }

    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        Ok(self.sagas().get(id).cloned())
    }

    async fn list(
        &self,
        saga: &str,
        which: Which,
        after: Option<&SagaId>,
        limit: usize,
    ) -> Result<Vec<SagaId>, StoreError> {
        let sagas = self.sagas();
        let rest = sagas.range::<SagaId, _>((after.map_or(Unbounded, Excluded), Unbounded));
        let listed = rest.filter(|(id, record)| id.saga() == saga && which.includes(record.status));
        Ok(listed.map(|(id, _)| id.clone()).take(limit).collect())
    }

    async fn purge(&self, ended_before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        let mut sagas = self.sagas();
        let over = |record: &SagaRecord| matches!(record.status, Status::Ended { at } if at < ended_before);
        let ids = sagas.iter().filter(|(_, record)| over(record)).map(|(id, _)| id.clone());
        let ids: Vec<SagaId> = ids.take(limit).collect();
        for id in &ids {
            sagas.remove(id);
        }
        Ok(ids.len())
    }
}

/// Only how many: what is inside is the user's.
impl fmt::Debug for MemorySagaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySagaLog")
            .field("sagas", &self.len())
            .field("max_sagas", &self.0.max_sagas)
            .finish_non_exhaustive()
    }
}
