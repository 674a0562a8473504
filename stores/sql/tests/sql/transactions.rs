//! A record that is committed with the work, or not at all.

use std::time::Duration;

use steadfast::idempotent::{
    Claim, Claimed, Held, NewClaim, Outcome, RecordId, RecordState, Resolution, Store, Stored,
};
use steadfast::{Failure, Rejection, idempotent};
use steadfast_sql::{CompleteError, CompleteIn, SqlStore};
use tokio::time::{sleep, timeout};
use tracing::Level;

use crate::support::{Gate, Home, claim, id, known, listen};

const NAME: &str = "tests.sql.transfer";

/// A transaction of either database.
enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    async fn begin(store: &SqlStore) -> sqlx::Result<Self> {
        match (store.sqlite_pool(), store.postgres_pool()) {
            (Some(pool), _) => pool.begin_with("BEGIN IMMEDIATE").await.map(Self::Sqlite),
            (_, Some(pool)) => pool.begin().await.map(Self::Postgres),
            (None, None) => unreachable!(),
        }
    }

    async fn move_money(&mut self) -> sqlx::Result<()> {
        let sql = "INSERT INTO ledger (amount) VALUES (500)";
        match self {
            Self::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(|_| ()),
            Self::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(|_| ()),
        }
    }

    async fn complete(&mut self, claim: &Claim, value: u64) -> Result<(), CompleteError> {
        match self {
            Self::Sqlite(tx) => claim.complete_in(tx, &value).await,
            Self::Postgres(tx) => claim.complete_in(tx, &value).await,
        }
    }

    async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

#[derive(Debug, Failure)]
enum TransferError {
    #[failure(transient)]
    Database(#[expect(dead_code, reason = "for whoever reads a failed test")] sqlx::Error),
    #[failure(transient)]
    Completion(CompleteError),
    #[failure(unknown)]
    NoAnswer,
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<CompleteError> for TransferError {
    fn from(error: CompleteError) -> Self {
        Self::Completion(error)
    }
}

impl From<Rejection> for TransferError {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

/// What the body does once its record is written in the transaction.
#[derive(Clone, Debug)]
enum Then {
    Commits,
    CommitsAndReturns(u64),
    RollsBack,
    CommitsAndFails,
    CommitsAndPanics,
    CommitsAndStays(Gate),
    StaysOpen(Gate),
    StaysOpenFor(Duration),
}

#[idempotent(name = "tests.sql.transfer", key = key, payload = none, store = store, claim = claim, lease = "3s")]
async fn transfer(store: SqlStore, key: &'static str, then: Then) -> Result<u64, TransferError> {
    let mut tx = Tx::begin(&store).await?;
    tx.move_money().await?;
    tx.complete(&claim, 17).await?;
    match &then {
        Then::RollsBack => return Err(TransferError::NoAnswer),
        Then::StaysOpen(gate) => gate.pass().await,
        Then::StaysOpenFor(time) => sleep(*time).await,
        _ => {}
    }
    tx.commit().await?;
    match then {
        Then::CommitsAndReturns(value) => Ok(value),
        Then::CommitsAndFails => Err(TransferError::NoAnswer),
        Then::CommitsAndPanics => panic!("after the commit"),
        Then::CommitsAndStays(gate) => {
            gate.pass().await;
            Ok(17)
        }
        _ => Ok(17),
    }
}

async fn bank(what: &str) -> Vec<Home> {
    let homes = Home::all(what).await;
    for home in &homes {
        home.run("CREATE TABLE ledger (amount BIGINT NOT NULL)").await.unwrap();
    }
    homes
}

async fn moved(home: &Home) -> i64 {
    home.number("SELECT count(*) FROM ledger").await
}

async fn state(store: &SqlStore, key: &str) -> Option<RecordState> {
    store.get(&RecordId::new(NAME, None, key).unwrap()).await.unwrap().map(|record| record.state)
}

#[tokio::test]
async fn effect_and_record_are_committed_together() {
    for home in bank("a record committed with its effect").await {
        for store in [home.store.clone(), home.narrow().await] {
            let before = moved(&home).await;
            let key = if before == 0 { "wide" } else { "narrow" };
            for _ in 0..3 {
                assert_eq!(transfer(store.clone(), key, Then::Commits).await.unwrap(), 17);
            }
            assert_eq!(moved(&home).await, before + 1);
            assert!(matches!(state(&store, key).await, Some(RecordState::Ended(Outcome::Known { .. }))));
        }
    }
}

#[tokio::test]
async fn a_rollback_takes_both_back() {
    for home in bank("a rollback").await {
        for store in [home.store.clone(), home.narrow().await] {
            let Err(TransferError::NoAnswer) = transfer(store.clone(), "k", Then::RollsBack).await else { panic!() };
            assert_eq!(moved(&home).await, 0);
            // The layer's own word on what the body said: nobody knows.
            assert_eq!(state(&store, "k").await, Some(RecordState::Ended(Outcome::Unknown)));
            home.run("DELETE FROM steadfast_records").await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_committed_beats_what_the_body_says() {
    for home in bank("a committed record beats the body's word").await {
        for store in [home.store.clone(), home.narrow().await] {
            for (key, then) in [("fails", Then::CommitsAndFails), ("other", Then::CommitsAndReturns(99))] {
                assert_eq!(transfer(store.clone(), key, then).await.unwrap(), 17);
                assert_eq!(transfer(store.clone(), key, Then::Commits).await.unwrap(), 17);
            }
            let panics = tokio::spawn(transfer(store.clone(), "panics", Then::CommitsAndPanics));
            assert!(panics.await.unwrap_err().is_panic());
            assert_eq!(transfer(store.clone(), "panics", Then::Commits).await.unwrap(), 17);
            assert_eq!(moved(&home).await, 3);
            home.run("DELETE FROM steadfast_records; DELETE FROM ledger").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_caller_who_leaves_after_the_commit_leaves_the_record() {
    for home in bank("a caller who leaves").await {
        for store in [home.store.clone(), home.narrow().await] {
            let gate = Gate::default();
            let left = tokio::spawn(transfer(store.clone(), "k", Then::CommitsAndStays(gate.clone())));
            gate.reached().await;
            left.abort();
            assert_eq!(transfer(store.clone(), "k", Then::Commits).await.unwrap(), 17, "while the first runs on");
            gate.open();
            assert_eq!(steadfast::drain(Duration::from_secs(60)).await, 0);
            assert_eq!(transfer(store.clone(), "k", Then::Commits).await.unwrap(), 17);
            assert_eq!(moved(&home).await, 1);
            home.run("DELETE FROM steadfast_records; DELETE FROM ledger").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_renewal_that_falls_into_the_transaction_waits_for_it() {
    for home in bank("a renewal in an open transaction").await {
        for store in [home.store.clone(), home.narrow().await] {
            let (listener, _guard) = listen(Level::WARN);
            // The first renewal is due after one second, and may take another.
            let then = Then::StaysOpenFor(Duration::from_millis(1500));
            assert_eq!(transfer(store.clone(), "k", then).await.unwrap(), 17);
            assert_eq!(transfer(store.clone(), "k", Then::RollsBack).await.unwrap(), 17);
            assert!(!listener.text().contains("lease_lost"), "{}", listener.text());
            assert_eq!(moved(&home).await, 1);
            home.run("DELETE FROM steadfast_records; DELETE FROM ledger").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_claim_does_not_wait_for_an_open_transaction() {
    let Some(home) = Home::postgres("a claim beside an open transaction").await else { return };
    home.run("CREATE TABLE ledger (amount BIGINT NOT NULL)").await.unwrap();
    let gate = Gate::default();
    let first = tokio::spawn(transfer(home.store.clone(), "k", Then::StaysOpen(gate.clone())));
    gate.reached().await;

    let second = timeout(Duration::from_secs(30), transfer(home.another().await, "k", Then::Commits)).await;
    let Err(TransferError::Refused(refused)) = second.expect("it waits for the transaction") else { panic!() };
    assert!(["in_flight", "outcome_unknown"].contains(&refused.code()), "{refused}");

    gate.open();
    assert_eq!(first.await.unwrap().unwrap(), 17);
}

#[tokio::test]
async fn a_locked_record_holds_up_nobody_else() {
    let Some(home) = Home::postgres("steps beside a locked record").await else { return };
    let store = &home.store;
    let (locked, other) = (claim(id("locked")), claim(id("other")));
    store.claim(locked.clone()).await.unwrap();
    store.claim(other.clone()).await.unwrap();
    let mut tx = store.postgres_pool().unwrap().begin().await.unwrap();
    sqlx::query("UPDATE steadfast_records SET version = 7 WHERE key = 'locked'").execute(&mut *tx).await.unwrap();

    let renewal = tokio::spawn({
        let (store, locked) = (store.clone(), locked.clone());
        async move { store.extend(&locked.id, locked.token, locked.lease_until).await }
    });
    let others = async {
        for _ in 0..20 {
            assert_eq!(store.extend(&other.id, other.token, other.lease_until).await.unwrap(), Held::Yes);
        }
        let new = claim(id("new"));
        store.claim(new.clone()).await.unwrap();
        assert_eq!(store.complete(&new.id, new.token, known(b"1")).await.unwrap(), Held::Yes);
    };
    timeout(Duration::from_secs(30), others).await.expect("the locked record holds them up");
    assert!(!renewal.is_finished());

    tx.commit().await.unwrap();
    assert_eq!(renewal.await.unwrap().unwrap(), Held::Yes);
    assert_eq!(store.get(&locked.id).await.unwrap().unwrap().version, 8);
}

#[idempotent(name = "tests.sql.transfer_late", key = key, payload = none, store = store, claim = claim)]
async fn transfer_late(store: SqlStore, key: &'static str) -> Result<u64, TransferError> {
    // An operator has resolved it meanwhile.
    let id = RecordId::new("tests.sql.transfer_late", None, key).unwrap();
    let seen = store.get(&id).await.unwrap().unwrap().seen();
    let Outcome::Known { expires_at, .. } = known(b"") else { unreachable!() };
    let resolution = Resolution::Happened { stored: Stored::Value(b"1".as_slice().into()), expires_at };
    assert_eq!(store.resolve(&id, seen, resolution, "a test").await.unwrap(), Held::Yes);
    let mut tx = Tx::begin(&store).await?;
    tx.move_money().await?;
    tx.complete(&claim, 17).await?;
    tx.commit().await?;
    Ok(17)
}

#[tokio::test]
async fn who_lost_the_key_commits_nothing() {
    for home in bank("fencing").await {
        let Err(TransferError::Completion(CompleteError::Lost)) = transfer_late(home.store.clone(), "k").await else {
            panic!()
        };
        assert_eq!(moved(&home).await, 0);
        assert_eq!(transfer_late(home.store.clone(), "k").await.unwrap(), 1, "what the operator said");
    }
}

#[idempotent(name = "tests.sql.transfer_twice", key = key, payload = none, store = store, claim = claim)]
async fn transfer_twice(store: SqlStore, key: &'static str) -> Result<u64, TransferError> {
    for value in [17, 18] {
        let mut tx = Tx::begin(&store).await?;
        tx.move_money().await?;
        if let Err(error) = tx.complete(&claim, value).await {
            assert!(matches!(error, CompleteError::Ended), "{error}");
            return Err(error.into());
        }
        tx.commit().await?;
    }
    Ok(99)
}

#[tokio::test]
async fn what_a_call_has_committed_it_does_not_commit_again() {
    for home in bank("one commit for a call").await {
        let value = transfer_twice(home.store.clone(), "k").await.unwrap();
        assert_eq!((value, moved(&home).await), (17, 1));
    }
}

#[idempotent(name = "tests.sql.keyless", key = key, payload = none, store = store, claim = claim, missing_key = run)]
async fn keyless(store: SqlStore, key: Option<&'static str>) -> Result<u64, TransferError> {
    let mut tx = Tx::begin(&store).await?;
    tx.complete(&claim, 17).await?;
    tx.commit().await?;
    Ok(17)
}

#[tokio::test]
async fn a_call_without_a_key_has_nothing_to_complete() {
    for home in Home::all("a call without a key").await {
        assert_eq!(keyless(home.store.clone(), None).await.unwrap(), 17);
        assert_eq!(home.number("SELECT count(*) FROM steadfast_records").await, 0);
    }
}

#[tokio::test]
async fn who_takes_over_a_locked_record_waits_for_its_transaction_alone() {
    let Some(home) = Home::postgres("a take-over of a locked record").await else { return };
    let store = &home.store;
    let (old, late) = (claim(id("locked")), claim(id("locked")));
    store.claim(old.clone()).await.unwrap();
    let seen = store.get(&old.id).await.unwrap().unwrap().seen();
    let mut tx = store.postgres_pool().unwrap().begin().await.unwrap();
    sqlx::query("UPDATE steadfast_records SET version = 7").execute(&mut *tx).await.unwrap();

    let take_over = tokio::spawn({
        let (store, late) = (store.clone(), NewClaim { take_over: Some(seen), ..late });
        async move { store.claim(late).await }
    });
    for key in 0..20 {
        let other = timeout(Duration::from_secs(30), store.claim(claim(id(&key.to_string())))).await;
        assert!(matches!(other.expect("the take-over holds them up"), Ok(Claimed::Won)));
    }
    assert!(!take_over.is_finished());
    tx.commit().await.unwrap();
    let Claimed::Found(renewed) = take_over.await.unwrap().unwrap() else { panic!("it was renewed") };
    assert_eq!((renewed.token, renewed.version), (old.token, 7));
}
