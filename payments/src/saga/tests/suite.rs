//! The suite itself: a log that does what it must passes, and one with a flaw is found.
#![cfg(feature = "conformance")]

use std::time::SystemTime;

use steadfast::idempotent::{Held, Seen, StoreError, Token};

use crate::saga::{
    Claimed, MemorySagaLog, NewClaim, NewEntry, SagaId, SagaLog, SagaRecord, Status, Then, Which, conformance,
};

#[tokio::test]
async fn the_log_in_memory_does_what_a_log_must() {
    let log = MemorySagaLog::default();
    conformance::run(async || log.clone()).await.unwrap();
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    /// A saga that is there is begun once more.
    BeginsTwice,
    TakesOverWithoutLooking,
    TakesOverWhatIsGone,
    DropsTheTakeOversEntry,
    WritesForAnybody,
    WritesAnywhere,
    WritesTwice,
    WritesAfterTheEnd,
    RenewsForAnybody,
    RenewsNothing,
    ForgetsTheStatus,
    ListsTheRenewed,
    ListsAllDefinitions,
    ListsFromTheStart,
    PurgesAtOnce,
    PurgesWhatIsStuck,
    PurgesNothing,
    TakesIdsForOne,
}

#[derive(Clone)]
struct Flawed {
    log: MemorySagaLog,
    flaw: Flaw,
}

impl Flawed {
    fn id(&self, id: &SagaId) -> SagaId {
        match self.flaw {
            Flaw::TakesIdsForOne => SagaId::new(id.saga(), id.id().to_lowercase()).unwrap(),
            _ => id.clone(),
        }
    }

    async fn seen(&self, id: &SagaId) -> Option<SagaRecord> {
        self.log.load(id).await.unwrap()
    }
}

impl SagaLog for Flawed {
    async fn claim(&self, mut claim: NewClaim) -> Result<Claimed, StoreError> {
        claim.id = self.id(&claim.id);
        let present = self.seen(&claim.id).await;
        match (self.flaw, present) {
            (Flaw::BeginsTwice, Some(record)) if claim.take_over.is_none() => claim.take_over = Some(record.seen()),
            (Flaw::TakesOverWithoutLooking, Some(record)) if claim.take_over.is_some() => {
                claim.take_over = Some(record.seen());
            }
            (Flaw::TakesOverWhatIsGone, None) => claim.take_over = None,
            (Flaw::DropsTheTakeOversEntry, Some(_)) => claim.entry = Vec::new(),
            _ => {}
        }
        self.log.claim(claim).await
    }

    async fn append(&self, id: &SagaId, mut token: Token, mut entry: NewEntry) -> Result<Held, StoreError> {
        let id = &self.id(id);
        let Some(record) = self.seen(id).await else { return Ok(Held::Lost) };
        let present = record.entries.len() as u64;
        match self.flaw {
            Flaw::WritesForAnybody => token = record.token,
            Flaw::WritesAnywhere if entry.seq > present => entry.seq = present,
            Flaw::WritesTwice if entry.seq < present => entry.seq = present,
            Flaw::WritesAfterTheEnd if matches!(record.status, Status::Ended { .. }) => return Ok(Held::Yes),
            Flaw::ForgetsTheStatus => entry.then = Then::GoesOn,
            _ => {}
        }
        self.log.append(id, token, entry).await
    }

    async fn renew(&self, id: &SagaId, mut token: Token, until: SystemTime) -> Result<Held, StoreError> {
        let id = &self.id(id);
        match (self.flaw, self.seen(id).await) {
            (Flaw::RenewsForAnybody, Some(record)) => token = record.token,
            (Flaw::RenewsNothing, Some(_)) => return Ok(Held::Yes),
            _ => {}
        }
        self.log.renew(id, token, until).await
    }

    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, StoreError> {
        self.log.load(&self.id(id)).await
    }

    async fn list(
        &self,
        saga: &str,
        mut which: Which,
        mut after: Option<&SagaId>,
        limit: usize,
    ) -> Result<Vec<SagaId>, StoreError> {
        match (self.flaw, &mut which) {
            (Flaw::ListsTheRenewed, Which::Abandoned { now }) => *now += std::time::Duration::from_secs(3600),
            (Flaw::ListsAllDefinitions, which) => {
                let other = saga.replace("conformance.pages.", "conformance.pages-of-another.");
                let mut all = self.log.list(saga, *which, after, limit).await?;
                all.extend(self.log.list(&other, *which, after, limit - all.len()).await?);
                return Ok(all);
            }
            (Flaw::ListsFromTheStart, _) => after = None,
            _ => {}
        }
        self.log.list(saga, which, after, limit).await
    }

    async fn purge(&self, ended_before: SystemTime, limit: usize) -> Result<usize, StoreError> {
        match self.flaw {
            Flaw::PurgesAtOnce => self.log.purge(ended_before, 1000).await,
            Flaw::PurgesNothing => Ok(0),
            Flaw::PurgesWhatIsStuck => {
                let at = Then::Ended { at: SystemTime::UNIX_EPOCH };
                let all = self.log.every();
                for (id, record) in all.into_iter().filter(|(_, record)| record.status == Status::Stuck) {
                    let (token, seen) = (Token::random(), Seen { token: record.token, version: record.version });
                    let entry = Vec::new();
                    let claim =
                        NewClaim { id: id.clone(), token, lease_until: ended_before, entry, take_over: Some(seen) };
                    self.log.claim(claim).await?;
                    let seq = record.entries.len() as u64 + 1;
                    self.log.append(&id, token, NewEntry { seq, entry: Vec::new(), then: at }).await?;
                }
                self.log.purge(ended_before, limit).await
            }
            _ => self.log.purge(ended_before, limit).await,
        }
    }
}

#[tokio::test]
async fn every_flaw_is_found() {
    for (flaw, check) in [
        (Flaw::BeginsTwice, "one of many begins a saga"),
        (Flaw::TakesOverWithoutLooking, "one of many takes over"),
        (Flaw::TakesOverWhatIsGone, "what is not there is not taken over"),
        (Flaw::DropsTheTakeOversEntry, "a claim that is tried again"),
        (Flaw::WritesForAnybody, "a late owner writes nothing"),
        (Flaw::WritesAnywhere, "entries have their places"),
        (Flaw::WritesTwice, "an entry that is written again"),
        (Flaw::WritesAfterTheEnd, "what has ended or is stuck takes no entry"),
        (Flaw::RenewsForAnybody, "one of many takes over"),
        (Flaw::RenewsNothing, "leases are renewed and given back"),
        (Flaw::ForgetsTheStatus, "what has ended or is stuck takes no entry"),
        (Flaw::ListsTheRenewed, "lists page by page"),
        (Flaw::ListsAllDefinitions, "lists page by page"),
        (Flaw::ListsFromTheStart, "lists page by page"),
        (Flaw::PurgesAtOnce, "what ended is purged, and nothing else"),
        (Flaw::PurgesWhatIsStuck, "what ended is purged, and nothing else"),
        (Flaw::PurgesNothing, "what ended is purged, and nothing else"),
        (Flaw::TakesIdsForOne, "ids with every odd character"),
    ] {
        let log = Flawed { log: MemorySagaLog::default(), flaw };
        let failed = conformance::run(async || log.clone()).await.expect_err(&format!("{flaw:?} was not found"));
        assert!(failed.checks().any(|found| found == check), "{flaw:?} was found by another check: {failed}");
    }
}
