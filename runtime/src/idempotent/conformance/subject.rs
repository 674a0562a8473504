//! The store that is checked, and the steps that the checks have in common.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::conformance::failed;
use crate::idempotent::{
    Claimed, Held, NewClaim, Outcome, Record, RecordId, RecordState, Resolution, Seen, Store, Stored, Token,
};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// The handles of a store, and a mark that tells this run's records from all others.
pub(super) struct Subject<S> {
    stores: [S; 4],
    run: String,
    /// Leases and lifetimes are counted from here, which is near to the server's time: a store may
    /// forget by its own clock what has expired.
    pub(super) start: SystemTime,
}

impl<S: Store> Subject<S> {
    pub(super) fn new(stores: [S; 4]) -> Self {
        Self { stores, run: format!("{:032x}", u128::from_be_bytes(Token::random().to_bytes())), start: clock::wall() }
    }

    /// A handle; different numbers may be different connections.
    pub(super) fn store(&self, number: usize) -> &S {
        &self.stores[number % self.stores.len()]
    }

    /// A key that no other run has.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}-{key}", self.run)
    }

    pub(super) fn id(&self, key: &str) -> Result<RecordId, String> {
        self.id_of("conformance.steps", None, &self.key(key))
    }

    pub(super) fn id_of(&self, name: &'static str, scope: Option<&str>, key: &str) -> Result<RecordId, String> {
        RecordId::new(name, scope, key).map_err(failed("an id"))
    }

    /// A claim of a key for a minute, from the start on.
    pub(super) fn new_claim(&self, id: &RecordId) -> NewClaim {
        NewClaim::new(id.clone(), self.start, MINUTE)
    }

    /// A key that is claimed.
    pub(super) async fn claimed(&self, id: &RecordId) -> Result<NewClaim, String> {
        let claim = self.new_claim(id);
        match self.claim(&claim).await? {
            Claimed::Won => Ok(claim),
            Claimed::Found(_) => Err("a fresh key was not free".into()),
        }
    }

    pub(super) async fn claim(&self, claim: &NewClaim) -> Result<Claimed, String> {
        self.store(0).claim(claim.clone()).await.map_err(failed("claim"))
    }

    pub(super) async fn complete(&self, claim: &NewClaim, outcome: Outcome) -> Result<Held, String> {
        self.store(1).complete(&claim.id, claim.token, outcome).await.map_err(failed("complete"))
    }

    pub(super) async fn release(&self, claim: &NewClaim) -> Result<Held, String> {
        self.store(2).release(&claim.id, claim.token).await.map_err(failed("release"))
    }

    pub(super) async fn extend(&self, claim: &NewClaim, until: SystemTime) -> Result<Held, String> {
        self.store(3).extend(&claim.id, claim.token, until).await.map_err(failed("extend"))
    }

    pub(super) async fn get(&self, id: &RecordId) -> Result<Option<Record>, String> {
        self.store(2).get(id).await.map_err(failed("get"))
    }

    pub(super) async fn record(&self, id: &RecordId) -> Result<Record, String> {
        self.get(id).await?.ok_or_else(|| "the record is gone".into())
    }

    pub(super) async fn resolve(&self, id: &RecordId, seen: Seen, to: Resolution, why: &str) -> Result<Held, String> {
        self.store(1).resolve(id, seen, to, why).await.map_err(failed("resolve"))
    }

    /// Which of these are listed as unknown, in the order of the list, by pages of so many.
    pub(super) async fn listed(
        &self,
        ours: &[RecordId],
        now: SystemTime,
        page: usize,
    ) -> Result<Vec<RecordId>, String> {
        let (mut listed, mut after) = (Vec::new(), None::<RecordId>);
        loop {
            let found = self.store(0).unknowns(now, after.as_ref(), page).await.map_err(failed("unknowns"))?;
            if found.len() > page {
                return Err(format!("a page of {page} had {} records", found.len()));
            }
            let Some((last, _)) = found.last() else { return Ok(listed) };
            if after.as_ref() == Some(last) {
                return Err("a page began with the last record of the page before".into());
            }
            after = Some(last.clone());
            for (id, record) in found {
                if !record.is_unknown(now) {
                    return Err(format!("{id:?} is listed as unknown and is {:?}", record.state));
                }
                listed.extend(ours.contains(&id).then_some(id));
            }
        }
    }
}

/// A result that is kept until then.
pub(super) fn value(bytes: &[u8], expires_at: SystemTime) -> Outcome {
    Outcome::Known { stored: Stored::Value(Arc::from(bytes)), expires_at }
}

/// The result in a record.
pub(super) fn stored(record: &Record) -> Result<Stored, String> {
    match &record.state {
        RecordState::Ended(Outcome::Known { stored, .. }) => Ok(stored.clone()),
        other => Err(format!("a result was expected, and it is {other:?}")),
    }
}
