//! Records in this process's memory.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::record::{AtHand, Outcome, Record, RecordId, RecordState, Seen, Token};
use super::records::{Records, Sought};
use super::store::{Claimed, Held, NewClaim, Resolution, Store, StoreError};
use crate::key::Seeds;

/// A store in memory, for one process: what it knows is gone when the process ends.
///
/// It holds a bounded number of records. A full one forgets results that have expired, and
/// nothing else: where all its records are still needed it refuses new claims, because a
/// forgotten payment is one that runs twice. Clones share the records.
///
/// ```
/// use std::sync::LazyLock;
/// use steadfast::idempotent::MemoryStore;
///
/// static RECORDS: LazyLock<MemoryStore> = LazyLock::new(|| MemoryStore::new(10_000));
/// assert!(RECORDS.is_empty());
/// ```
#[derive(Clone)]
pub struct MemoryStore(Arc<Shards>);

struct Shards {
    max_records: usize,
    records: AtomicUsize,
    seeds: Seeds,
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 16;

#[derive(Default)]
struct Shard {
    records: Records,
    /// When which record expires, soonest first. An entry may be stale: the record says.
    expiries: BinaryHeap<Reverse<(SystemTime, RecordId)>>,
}

/// 100,000 records.
impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl MemoryStore {
    /// A store for at most so many records; [`default`](Self::default) is one for 100,000.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast::idempotent::MemoryStore;
    ///
    /// #[steadfast::idempotent(name = "docs.memory.refund", key = key, payload = none, store = records)]
    /// async fn refund(records: MemoryStore, key: String) -> Result<(), Rejection> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let records = MemoryStore::new(2);
    /// refund(records.clone(), "order-1".into()).await.unwrap();
    /// refund(records.clone(), "order-2".into()).await.unwrap();
    /// let refused = refund(records.clone(), "order-3".into()).await.unwrap_err();
    /// assert_eq!((refused.code(), records.len()), ("store_full", 2));
    /// # }
    /// ```
    pub fn new(max_records: usize) -> Self {
        Self(Arc::new(Shards {
            max_records,
            records: AtomicUsize::new(0),
            seeds: Seeds::default(),
            shards: Default::default(),
        }))
    }

    /// How many records it holds, expired ones included until they are forgotten.
    ///
    /// ```
    /// assert_eq!(steadfast::idempotent::MemoryStore::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.0.records.load(Ordering::Relaxed)
    }

    /// Whether it holds none.
    ///
    /// ```
    /// assert!(steadfast::idempotent::MemoryStore::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sought<'a>(&self, id: &'a RecordId) -> Sought<'a> {
        Sought::new(id, &self.0.seeds)
    }

    fn lock(&self, sought: Sought<'_>) -> MutexGuard<'_, Shard> {
        lock(&self.0.shards[sought.part(SHARDS)])
    }

    fn claim_now(&self, claim: &NewClaim) -> Result<Claimed, StoreError> {
        let sought = self.sought(&claim.id);
        if let Some(answer) = self.claim_present(sought, claim) {
            return Ok(answer);
        }
        self.reserve(sought, claim.now)?;
        let mut shard = self.lock(sought);
        // Somebody else may have inserted it meanwhile.
        if let Some(present) = shard.records.get_mut(sought) {
            self.forgotten(1);
            return Ok(claim_over(present, claim));
        }
        shard.records.insert(sought, claim.record(), &self.0.seeds);
        Ok(Claimed::Won)
    }

    fn claim_present(&self, sought: Sought<'_>, claim: &NewClaim) -> Option<Claimed> {
        let mut shard = self.lock(sought);
        let answer = shard.records.get_mut(sought).map(|present| claim_over(present, claim));
        // Two for every claim: expired records go faster than new ones come.
        let forgotten = (0..2).filter(|_| shard.forget_one(claim.now, &self.0.seeds)).count();
        self.forgotten(forgotten);
        answer
    }

    /// Room for one record more, if need be that of an expired one.
    fn reserve(&self, sought: Sought<'_>, now: SystemTime) -> Result<(), StoreError> {
        let first = sought.part(SHARDS);
        let mut candidates = (0..SHARDS).map(|n| &self.0.shards[(first + n) % SHARDS]);
        while !self.try_reserve() {
            let found = candidates.by_ref().any(|shard| lock(shard).forget_one(now, &self.0.seeds));
            if !found {
                return Err(StoreError::full());
            }
            self.forgotten(1);
        }
        Ok(())
    }

    fn try_reserve(&self) -> bool {
        let reserve = |records| (records < self.0.max_records).then_some(records + 1);
        self.0.records.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve).is_ok()
    }

    fn forgotten(&self, records: usize) {
        self.0.records.fetch_sub(records, Ordering::Relaxed);
    }

    /// One step on the record, if the token is its owner's.
    fn as_owner(&self, id: &RecordId, token: Token, step: impl FnOnce(&mut Shard, Sought<'_>) -> Held) -> Held {
        let sought = self.sought(id);
        let mut shard = self.lock(sought);
        match shard.records.get(sought) {
            Some(record) if record.token == token => step(&mut shard, sought),
            _ => Held::Lost,
        }
    }

    fn remove(&self, shard: &mut Shard, sought: Sought<'_>) {
        if shard.records.remove(sought) {
            self.forgotten(1);
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn claim_over(present: &mut Record, claim: &NewClaim) -> Claimed {
    if claim.take_over == Some(present.seen()) {
        *present = claim.record();
        Claimed::Won
    } else {
        Claimed::Found(present.clone())
    }
}

impl Shard {
    /// Forgets one expired record, if there is one.
    fn forget_one(&mut self, now: SystemTime, seeds: &Seeds) -> bool {
        while let Some(Reverse((expires_at, _))) = self.expiries.peek() {
            if *expires_at > now {
                return false;
            }
            let Some(Reverse((_, id))) = self.expiries.pop() else {
                return false;
            };
            let sought = Sought::new(&id, seeds);
            if self.records.get(sought).is_some_and(|record| record.is_expired(now)) {
                return self.records.remove(sought);
            }
        }
        false
    }

    fn write(&mut self, sought: Sought<'_>, change: impl FnOnce(&mut Record)) -> Held {
        let Some(record) = self.records.get_mut(sought) else {
            return Held::Lost;
        };
        change(record);
        record.version = record.version.wrapping_add(1);
        if let RecordState::Ended(Outcome::Known { expires_at, .. }) = record.state {
            self.expiries.push(Reverse((expires_at, sought.id.clone())));
        }
        Held::Yes
    }

    /// Changes the owner's record; one that has ended stays as it is.
    fn write_in_flight(&mut self, sought: Sought<'_>, change: impl FnOnce(&mut Record)) -> Held {
        if self.is_in_flight(sought) { self.write(sought, change) } else { Held::Yes }
    }

    fn is_in_flight(&self, sought: Sought<'_>) -> bool {
        self.records.get(sought).is_some_and(|record| matches!(record.state, RecordState::InFlight { .. }))
    }
}

impl Store for MemoryStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.claim_now(&claim)
    }

    fn at_hand(&self, id: &RecordId) -> Option<AtHand> {
        let sought = self.sought(id);
        self.lock(sought).records.get(sought).and_then(Record::at_hand)
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |shard, sought| {
            shard.write_in_flight(sought, |record| record.state = RecordState::Ended(outcome))
        }))
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |shard, sought| {
            if !shard.is_in_flight(sought) {
                return Held::Lost;
            }
            self.remove(shard, sought);
            Held::Yes
        }))
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |shard, sought| {
            shard.write_in_flight(sought, |record| record.state = RecordState::InFlight { lease_until })
        }))
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        let sought = self.sought(id);
        Ok(self.lock(sought).records.get(sought).cloned())
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        let mut ids = BTreeSet::new();
        for shard in &self.0.shards {
            let shard = lock(shard);
            let unknown = shard.records.iter().filter(|(_, record)| record.is_unknown(now));
            ids.extend(unknown.map(|(id, _)| id.clone()).filter(|id| Some(id) > after));
        }
        let mut unknowns = Vec::new();
        for id in ids {
            if unknowns.len() == limit {
                break;
            }
            let sought = self.sought(&id);
            let record = self.lock(sought).records.get(sought).cloned();
            unknowns.extend(record.filter(|record| record.is_unknown(now)).map(|record| (id, record)));
        }
        Ok(unknowns)
    }

    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        let sought = self.sought(id);
        let mut shard = self.lock(sought);
        if shard.records.get(sought).map(Record::seen) != Some(seen) {
            return Ok(Held::Lost);
        }
        let (stored, expires_at) = match resolution {
            Resolution::Happened { stored, expires_at } => (stored, expires_at),
            Resolution::NeverHappened => {
                self.remove(&mut shard, sought);
                tracing::info!(name = id.name(), reason, "an unknown outcome is resolved: it never happened");
                return Ok(Held::Yes);
            }
        };
        Ok(shard.write(sought, |record| {
            record.token = Token::random();
            record.resolved = Some(reason.into());
            record.state = RecordState::Ended(Outcome::Known { stored, expires_at });
        }))
    }
}

/// Only how many: what is inside is the user's.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("records", &self.len())
            .field("max_records", &self.0.max_records)
            .finish_non_exhaustive()
    }
}
