//! The log that is checked, and the steps that the checks have in common.

use std::time::{Duration, SystemTime};

use steadfast::clock;
use steadfast::conformance::failed;
use steadfast::idempotent::{Held, Seen, Token};

use crate::saga::{Claimed, NewClaim, NewEntry, SagaId, SagaLog, SagaRecord, Then, Which};

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// The handles of a log, and a mark that tells this run's sagas from all others.
pub(super) struct Subject<L> {
    logs: [L; 4],
    run: String,
    pub(super) start: SystemTime,
}

impl<L: SagaLog> Subject<L> {
    pub(super) fn new(logs: [L; 4]) -> Self {
        Self {
            logs,
            run: format!("{:032x}", u128::from_be_bytes(Token::random().to_bytes())),
            start: whole_millis(clock::wall()),
        }
    }

    /// A handle; different numbers may be different connections.
    pub(super) fn log(&self, number: usize) -> &L {
        &self.logs[number % self.logs.len()]
    }

    /// A definition's name that no other run has.
    pub(super) fn saga(&self, name: &str) -> String {
        format!("conformance.{name}.{}", self.run)
    }

    pub(super) fn id(&self, name: &str, id: &str) -> Result<SagaId, String> {
        SagaId::new(self.saga(name), id).map_err(failed("an id"))
    }

    /// A claim that begins a saga, for a minute.
    pub(super) fn begin(&self, id: &SagaId) -> NewClaim {
        let (id, entry) = (id.clone(), b"{\"n\":0}".to_vec());
        NewClaim { id, token: Token::random(), lease_until: self.start + MINUTE, entry, take_over: None }
    }

    /// A claim in the place of what was seen.
    pub(super) fn over(&self, id: &SagaId, seen: Seen) -> NewClaim {
        NewClaim { entry: b"{\"over\":1}".to_vec(), take_over: Some(seen), ..self.begin(id) }
    }

    /// A saga that is begun.
    pub(super) async fn begun(&self, id: &SagaId) -> Result<NewClaim, String> {
        let claim = self.begin(id);
        match self.claim(&claim).await? {
            Claimed::Won => Ok(claim),
            Claimed::Found(_) | Claimed::Gone => Err("a fresh id was not free".into()),
        }
    }

    pub(super) async fn claim(&self, claim: &NewClaim) -> Result<Claimed, String> {
        self.log(0).claim(claim.clone()).await.map_err(failed("claim"))
    }

    pub(super) async fn append(&self, claim: &NewClaim, entry: NewEntry) -> Result<Held, String> {
        self.log(1).append(&claim.id, claim.token, entry).await.map_err(failed("append"))
    }

    pub(super) async fn renew(&self, claim: &NewClaim, until: SystemTime) -> Result<Held, String> {
        self.log(2).renew(&claim.id, claim.token, until).await.map_err(failed("renew"))
    }

    pub(super) async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, String> {
        self.log(3).load(id).await.map_err(failed("load"))
    }

    pub(super) async fn record(&self, id: &SagaId) -> Result<SagaRecord, String> {
        self.load(id).await?.ok_or_else(|| "the saga is gone".into())
    }

    /// The ids that are listed, by pages of so many.
    pub(super) async fn listed(&self, saga: &str, which: Which, page: usize) -> Result<Vec<SagaId>, String> {
        let (mut listed, mut after) = (Vec::new(), None::<SagaId>);
        loop {
            let found = self.log(0).list(saga, which, after.as_ref(), page).await.map_err(failed("list"))?;
            if found.len() > page {
                return Err(format!("a page of {page} has {} ids", found.len()));
            }
            if found.iter().any(|id| listed.contains(id)) {
                return Err("an id stands on two pages".into());
            }
            after = found.last().cloned();
            let last = found.len() < page;
            listed.extend(found);
            if last {
                return Ok(listed);
            }
        }
    }
}

/// As exact as a log must be.
fn whole_millis(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let rest = Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000_000));
    at.checked_sub(rest).unwrap_or(at)
}

/// An entry for a place, after which the saga goes on.
pub(super) fn entry(seq: u64) -> NewEntry {
    NewEntry { seq, entry: format!("{{\"n\":{seq}}}").into_bytes(), then: Then::GoesOn }
}
