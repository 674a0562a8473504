//! A store that fails when it is told to.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use steadfast::idempotent::{
    Claimed, Held, MemoryStore, NewClaim, Outcome, Record, RecordId, RecordState, Resolution, Seen, Store, StoreError,
    Stored, Token,
};
use tokio::task::yield_now;

/// A memory store behind a connection that can be cut.
#[derive(Clone, Default)]
pub struct TestStore {
    records: MemoryStore,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    faults: HashMap<Step, Fault>,
    asked: HashMap<Step, usize>,
    /// Whether each step takes a turn of the runtime before and after it.
    slow: bool,
}

/// What a store is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Claim,
    Complete,
    Release,
    Extend,
    Get,
}

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and it says so.
    Fail,
    /// It is done, and the answer is lost.
    LoseAnswer,
    /// It never answers.
    Hang,
}

impl TestStore {
    /// A store of at most so many records.
    pub fn of(max_records: usize) -> Self {
        Self { records: MemoryStore::new(max_records), ..Self::default() }
    }

    /// A store that waits once before and once after each step, as one behind a network does.
    pub fn slow() -> Self {
        let store = Self::default();
        store.lock().slow = true;
        store
    }

    /// From now on this step fails.
    pub fn breaks(&self, step: Step, fault: Fault) {
        self.lock().faults.insert(step, fault);
    }

    /// From now on this step works again.
    pub fn heals(&self, step: Step) {
        self.lock().faults.remove(&step);
    }

    /// How often it was asked for this step.
    pub fn asked(&self, step: Step) -> usize {
        self.lock().asked.get(&step).copied().unwrap_or_default()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The state of a key's record, in one word.
    pub async fn state(&self, name: &'static str, key: &str) -> &'static str {
        let id = RecordId::new(name, None, key).unwrap();
        match self.records.get(&id).await.unwrap().map(|record| record.state) {
            None => "free",
            Some(RecordState::InFlight { .. }) => "in flight",
            Some(RecordState::Ended(Outcome::Unknown)) => "unknown",
            Some(RecordState::Ended(Outcome::Known { stored: Stored::Value(_), .. })) => "value",
            Some(RecordState::Ended(Outcome::Known { stored: Stored::Terminal(_), .. })) => "terminal",
        }
    }

    /// Writes something else in place of a key's result.
    pub async fn garble(&self, name: &'static str, key: &str, stored: Stored) {
        let id = RecordId::new(name, None, key).unwrap();
        let record = self.records.get(&id).await.unwrap().unwrap();
        let RecordState::Ended(Outcome::Known { expires_at, .. }) = record.state else { panic!("no result yet") };
        let resolution = Resolution::Happened { stored, expires_at };
        assert_eq!(self.records.resolve(&id, record.seen(), resolution, "a test").await.unwrap(), Held::Yes);
    }

    async fn step<T>(&self, step: Step, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let (fault, slow) = {
            let mut plan = self.lock();
            *plan.asked.entry(step).or_default() += 1;
            (plan.faults.get(&step).copied(), plan.slow)
        };
        let lost = || Err(StoreError::new("connection lost"));
        if slow {
            yield_now().await;
        }
        let answer = match fault {
            None => work.await,
            Some(Fault::Fail) => lost(),
            Some(Fault::LoseAnswer) => work.await.and_then(|_| lost()),
            Some(Fault::Hang) => pending().await,
        };
        if slow {
            yield_now().await;
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for TestStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.step(Step::Claim, self.records.claim(claim)).await
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        self.step(Step::Complete, self.records.complete(id, token, outcome)).await
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        self.step(Step::Release, self.records.release(id, token)).await
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        self.step(Step::Extend, self.records.extend(id, token, lease_until)).await
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        self.step(Step::Get, self.records.get(id)).await
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        self.records.unknowns(now, after, limit).await
    }

    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        self.records.resolve(id, seen, resolution, reason).await
    }
}
