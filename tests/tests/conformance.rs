//! The suite that any store runs: our own passes it, and each way to be wrong is found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use steadfast::idempotent::{
    AnyStore, Claimed, Held, MemoryStore, NewClaim, Outcome, Record, RecordId, Resolution, Seen, Store, StoreError,
    Stored, Token, conformance,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_conforms() {
    let store = MemoryStore::default();
    conformance::run(async || store.clone()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boxed_store_conforms() {
    let store = AnyStore::new(MemoryStore::default());
    conformance::run(async || store.clone()).await.unwrap();
}

/// How a store is wrong.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    EverybodyWins,
    IgnoresTheScope,
    IgnoresCase,
    OverwritesTheEnd,
    AnybodyEnds,
    ForgetsTheUnknown,
    ListsTheKnown,
    ListsWithoutEnd,
    CutsResults,
    MixesKinds,
    KeepsNoFingerprint,
    TakesOverBlindly,
    ResolvesBlindly,
}

/// A store that is wrong in one way.
#[derive(Clone)]
struct Flawed {
    records: MemoryStore,
    flaw: Flaw,
    /// What it has not told the memory store.
    aside: Arc<Mutex<BTreeMap<RecordId, Record>>>,
}

impl Flawed {
    fn id(&self, id: &RecordId) -> RecordId {
        match self.flaw {
            Flaw::IgnoresTheScope => RecordId::new(id.name().to_owned(), None, id.key()).unwrap(),
            Flaw::IgnoresCase => RecordId::new(id.name().to_owned(), id.scope(), &id.key().to_lowercase()).unwrap(),
            _ => id.clone(),
        }
    }

    async fn owner_of(&self, id: &RecordId) -> Option<Token> {
        self.records.get(id).await.unwrap().map(|record| record.token)
    }
}

impl Store for Flawed {
    async fn claim(&self, mut claim: NewClaim) -> Result<Claimed, StoreError> {
        claim.id = self.id(&claim.id);
        match self.flaw {
            Flaw::KeepsNoFingerprint => claim.fingerprint = None,
            Flaw::TakesOverBlindly if claim.take_over.is_some() => {
                claim.take_over = self.records.get(&claim.id).await?.map(|record| record.seen());
            }
            _ => {}
        }
        let claimed = self.records.claim(claim.clone()).await?;
        Ok(if let Flaw::EverybodyWins = self.flaw { Claimed::Won } else { claimed })
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        let (id, mut token) = (self.id(id), token);
        let outcome = match (self.flaw, outcome) {
            (Flaw::CutsResults, Outcome::Known { stored: Stored::Value(bytes), expires_at }) => {
                let cut = bytes[..bytes.len().min(65_535)].into();
                Outcome::Known { stored: Stored::Value(cut), expires_at }
            }
            (Flaw::MixesKinds, Outcome::Known { stored: Stored::Terminal(bytes), expires_at }) => {
                Outcome::Known { stored: Stored::Value(bytes), expires_at }
            }
            (_, outcome) => outcome,
        };
        match self.flaw {
            Flaw::AnybodyEnds => token = self.owner_of(&id).await.unwrap_or(token),
            Flaw::ForgetsTheUnknown if outcome == Outcome::Unknown => return self.records.release(&id, token).await,
            Flaw::OverwritesTheEnd => {
                let record = self.records.get(&id).await?.filter(|record| record.token == token);
                if let (Some(record), Outcome::Unknown) = (record, &outcome) {
                    let resolution = Resolution::NeverHappened;
                    self.records.resolve(&id, record.seen(), resolution, "a flaw").await?;
                }
            }
            _ => {}
        }
        self.records.complete(&id, token, outcome).await
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        self.records.release(&self.id(id), token).await
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        self.records.extend(&self.id(id), token, lease_until).await
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        let record = self.records.get(&self.id(id)).await?;
        if let Some(record) = &record {
            self.aside.lock().unwrap().insert(id.clone(), record.clone());
        }
        Ok(record)
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        match self.flaw {
            Flaw::ListsTheKnown if after.is_none() => Ok(self
                .aside
                .lock()
                .unwrap()
                .iter()
                .map(|(id, record)| (id.clone(), record.clone()))
                .take(limit)
                .collect()),
            Flaw::ListsWithoutEnd => self.records.unknowns(now, None, limit).await,
            _ => self.records.unknowns(now, after, limit).await,
        }
    }

    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        let id = self.id(id);
        let seen = match (self.flaw, self.records.get(&id).await?) {
            (Flaw::ResolvesBlindly, Some(record)) => record.seen(),
            _ => seen,
        };
        self.records.resolve(&id, seen, resolution, reason).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flaw_is_found_by_the_check_that_names_it() {
    for (flaw, check) in [
        (Flaw::EverybodyWins, "one winner among many claims"),
        (Flaw::IgnoresTheScope, "keys that nearly agree"),
        (Flaw::IgnoresCase, "keys that nearly agree"),
        (Flaw::OverwritesTheEnd, "what has ended stays"),
        (Flaw::AnybodyEnds, "only the owner has a word"),
        (Flaw::ForgetsTheUnknown, "unknown outcomes stay"),
        (Flaw::ListsTheKnown, "unknown outcomes are listed page by page"),
        (Flaw::ListsWithoutEnd, "unknown outcomes are listed page by page"),
        (Flaw::CutsResults, "results of any bytes"),
        (Flaw::MixesKinds, "a failure that is replayed as the same"),
        (Flaw::KeepsNoFingerprint, "another payload"),
        (Flaw::TakesOverBlindly, "a lease that ran out is taken over once"),
        (Flaw::ResolvesBlindly, "unknown outcomes are resolved"),
    ] {
        let store = Flawed { records: MemoryStore::default(), flaw, aside: Arc::default() };
        let failed = conformance::run(async || store.clone()).await.unwrap_err();
        assert!(failed.checks().any(|failed| failed == check), "{flaw:?}: {failed}");
    }
}
