//! Records in this process's memory.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};
use std::cmp::Reverse;
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeSet, BinaryHeap};
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::record::{AtHand, Outcome, Record, RecordId, RecordState, Seen, Token};
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
    /// Which shard has which record; each spreads its own by seeds of its own.
    seeds: Seeds,
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 16;

#[derive(Default)]
struct Shard {
    records: HashMap<RecordId, Record, Seeds>,
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

    /// Which shard has the record.
    fn shard_of(&self, id: &RecordId) -> usize {
        // The remainder is below the number of shards.
        usize::try_from(self.0.seeds.hash(id) % SHARDS as u64).unwrap_or_default()
    }

    fn lock(&self, id: &RecordId) -> MutexGuard<'_, Shard> {
        lock(&self.0.shards[self.shard_of(id)])
    }

    fn claim_now(&self, claim: &NewClaim) -> Result<Claimed, StoreError> {
        if let Some(answer) = self.claim_present(claim) {
            return Ok(answer);
        }
        self.reserve(claim)?;
        // Somebody else may have inserted it meanwhile.
        match self.lock(&claim.id).records.entry(claim.id.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(claim.record());
                Ok(Claimed::Won)
            }
            Entry::Occupied(mut present) => {
                self.forgotten(1);
                Ok(claim_over(present.get_mut(), claim))
            }
        }
    }

    fn claim_present(&self, claim: &NewClaim) -> Option<Claimed> {
        let mut shard = self.lock(&claim.id);
        let answer = shard.records.get_mut(&claim.id).map(|present| claim_over(present, claim));
        // Two for every claim: expired records go faster than new ones come.
        let forgotten = (0..2).filter(|_| shard.forget_one(claim.now)).count();
        self.forgotten(forgotten);
        answer
    }

    /// Room for one record more, if need be that of an expired one.
    fn reserve(&self, claim: &NewClaim) -> Result<(), StoreError> {
        let first = self.shard_of(&claim.id);
        let mut candidates = (0..SHARDS).map(|n| &self.0.shards[(first + n) % SHARDS]);
        while !self.try_reserve() {
            let found = candidates.by_ref().any(|shard| lock(shard).forget_one(claim.now));
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
    fn as_owner(&self, id: &RecordId, token: Token, step: impl FnOnce(&mut Shard) -> Held) -> Held {
        let mut shard = self.lock(id);
        match shard.records.get(id) {
            Some(record) if record.token == token => step(&mut shard),
            _ => Held::Lost,
        }
    }

    fn remove(&self, shard: &mut Shard, id: &RecordId) {
        if shard.records.remove(id).is_some() {
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
    fn forget_one(&mut self, now: SystemTime) -> bool {
        while let Some(Reverse((expires_at, _))) = self.expiries.peek() {
            if *expires_at > now {
                return false;
            }
            let Some(Reverse((_, id))) = self.expiries.pop() else {
                return false;
            };
            if self.records.get(&id).is_some_and(|record| record.is_expired(now)) {
                self.records.remove(&id);
                return true;
            }
        }
        false
    }

    fn write(&mut self, id: &RecordId, change: impl FnOnce(&mut Record)) -> Held {
        let Some(record) = self.records.get_mut(id) else {
            return Held::Lost;
        };
        change(record);
        record.version = record.version.wrapping_add(1);
        if let RecordState::Ended(Outcome::Known { expires_at, .. }) = record.state {
            self.expiries.push(Reverse((expires_at, id.clone())));
        }
        Held::Yes
    }

    /// Changes the owner's record; one that has ended stays as it is.
    fn write_in_flight(&mut self, id: &RecordId, change: impl FnOnce(&mut Record)) -> Held {
        if self.is_in_flight(id) { self.write(id, change) } else { Held::Yes }
    }

    fn is_in_flight(&self, id: &RecordId) -> bool {
        self.records.get(id).is_some_and(|record| matches!(record.state, RecordState::InFlight { .. }))
    }
}

impl Store for MemoryStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.claim_now(&claim)
    }

    fn at_hand(&self, id: &RecordId) -> Option<AtHand> {
        self.lock(id).records.get(id).and_then(Record::at_hand)
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |shard| {
            shard.write_in_flight(id, |record| record.state = RecordState::Ended(outcome))
        }))
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |shard| {
            if !shard.is_in_flight(id) {
                return Held::Lost;
            }
            self.remove(shard, id);
            Held::Yes
        }))
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        Ok(self.as_owner(id, token, |shard| {
            shard.write_in_flight(id, |record| record.state = RecordState::InFlight { lease_until })
        }))
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        Ok(self.lock(id).records.get(id).cloned())
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
            let record = self.lock(&id).records.get(&id).cloned();
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
        let mut shard = self.lock(id);
        if shard.records.get(id).map(Record::seen) != Some(seen) {
            return Ok(Held::Lost);
        }
        let (stored, expires_at) = match resolution {
            Resolution::Happened { stored, expires_at } => (stored, expires_at),
            Resolution::NeverHappened => {
                self.remove(&mut shard, id);
                tracing::info!(name = id.name(), reason, "an unknown outcome is resolved: it never happened");
                return Ok(Held::Yes);
            }
        };
        Ok(shard.write(id, |record| {
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
