//! A database that is slow, gone, restarted, read-only or full: nothing runs whose key is not claimed, and what ran is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use steadfast::idempotent::{Held, Outcome, RecordId, RecordState, Store, StoreError, Token};
use steadfast::{Failure, Reason, Rejection, idempotent};
use steadfast_servers::{Proxy, postgres_server};
use steadfast_sql::SqlStore;
use tokio::time::timeout;

use crate::support::{Gate, Home, known};

const NAME: &str = "tests.sql.outages.charge";

#[derive(Debug, Failure)]
enum PayError {
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Rejection> for PayError {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

/// A gateway that counts what it charged.
#[derive(Clone, Default)]
struct Gateway {
    charged: Arc<AtomicUsize>,
    /// Where a charge waits, once it is made.
    answers: Option<Gate>,
}

impl Gateway {
    fn waiting() -> Self {
        Self { answers: Some(Gate::default()), ..Self::default() }
    }

    fn gate(&self) -> &Gate {
        self.answers.as_ref().unwrap()
    }

    fn charged(&self) -> usize {
        self.charged.load(Ordering::Relaxed)
    }
}

#[idempotent(name = "tests.sql.outages.charge", key = key, payload = none, store = store, lease = "3s")]
async fn charge(store: SqlStore, gateway: Gateway, key: &'static str, size: usize) -> Result<String, PayError> {
    gateway.charged.fetch_add(1, Ordering::Relaxed);
    if let Some(gate) = &gateway.answers {
        gate.pass().await;
    }
    Ok("c".repeat(size))
}

fn refused<T: std::fmt::Debug>(result: Result<T, PayError>) -> Rejection {
    let PayError::Refused(refused) = result.unwrap_err();
    refused
}

/// Before the work: nothing ran. After it: the value is there.
async fn fails_closed(store: &SqlStore) {
    let gateway = Gateway::default();
    let refused = refused(charge(store.clone(), gateway.clone(), "closed", 1).await);
    assert_eq!((refused.code(), gateway.charged()), ("store_unavailable", 0), "{refused}");
}

fn tells_the_value(result: Result<String, PayError>, size: usize) {
    let refused = refused(result);
    let Reason::Unrecorded(unrecorded) = refused.reason() else { panic!("{refused}") };
    assert_eq!(unrecorded.take::<Result<String, PayError>>().unwrap().unwrap().len(), size);
}

async fn state(store: &SqlStore, key: &str) -> Option<RecordState> {
    let id = RecordId::new(NAME, None, key).unwrap();
    store.get(&id).await.unwrap().map(|record| record.state)
}

/// A PostgreSQL of its own, and a store that reaches it through a proxy.
async fn proxied(what: &str) -> Option<(steadfast_servers::PostgresServer, Proxy, SqlStore)> {
    let server = postgres_server(what)?;
    let proxy = Proxy::start(server.address());
    let store = SqlStore::connect(&proxy.url(&server.url())).await.unwrap();
    store.migrate().await.unwrap();
    Some((server, proxy, store))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_and_comes_back() {
    let Some((server, proxy, store)) = proxied("a PostgreSQL that is gone and comes back").await else { return };
    assert!(charge(store.clone(), Gateway::default(), "before", 1).await.is_ok());

    let gateway = Gateway::waiting();
    let working = tokio::spawn(charge(store.clone(), gateway.clone(), "during", 40));
    gateway.gate().reached().await;
    server.kill();
    gateway.gate().open();
    tells_the_value(working.await.unwrap(), 40);
    fails_closed(&store).await;

    server.restart();
    proxy.pass();
    let replayed = Gateway::default();
    assert!(charge(store.clone(), replayed.clone(), "before", 1).await.is_ok());
    assert_eq!(replayed.charged(), 0);
    // Nobody knows what became of it, until somebody looks at the gateway. The last try to record it may have been
    // a little before the end of the lease.
    let unknown = Gateway::default();
    let refusal = loop {
        let refused = refused(charge(store.clone(), unknown.clone(), "during", 40).await);
        match refused.code() {
            "in_flight" => tokio::time::sleep(refused.retry_after().unwrap()).await,
            _ => break refused,
        }
    };
    assert_eq!(refusal.code(), "outcome_unknown");
    assert_eq!(unknown.charged(), 0);
    assert!(charge(store, Gateway::default(), "after", 1).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_during_the_work_is_told_the_end() {
    let Some((server, _proxy, store)) = proxied("a PostgreSQL that restarts").await else { return };
    let gateway = Gateway::waiting();
    let working = tokio::spawn(charge(store.clone(), gateway.clone(), "during", 1));
    gateway.gate().reached().await;
    server.restart();
    gateway.gate().open();
    assert_eq!(working.await.unwrap().unwrap(), "c");
    assert!(matches!(state(&store, "during").await, Some(RecordState::Ended(Outcome::Known { .. }))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer() {
    let Some((_server, proxy, store)) = proxied("a PostgreSQL that does not answer").await else { return };
    let gateway = Gateway::waiting();
    let working = tokio::spawn(charge(store.clone(), gateway.clone(), "during", 40));
    gateway.gate().reached().await;
    proxy.hang();
    fails_closed(&store).await;
    gateway.gate().open();
    tells_the_value(working.await.unwrap(), 40);
    proxy.cut();
    proxy.pass();
    assert!(charge(store.clone(), Gateway::default(), "after", 1).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_is_only_slow() {
    let Some((_server, proxy, store)) = proxied("a slow PostgreSQL").await else { return };
    proxy.delay(Duration::from_millis(50));
    let gateway = Gateway::default();
    for _ in 0..2 {
        assert_eq!(charge(store.clone(), gateway.clone(), "slow", 1).await.unwrap(), "c");
    }
    assert_eq!(gateway.charged(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_whose_answer_is_lost_is_written_once_and_replayed() {
    let Some((_server, proxy, store)) = proxied("an answer that is lost").await else { return };
    let gateway = Gateway::waiting();
    let working = tokio::spawn(charge(store.clone(), gateway.clone(), "lost", 1));
    gateway.gate().reached().await;
    proxy.cut_answers();
    gateway.gate().open();
    let waits = proxy;
    let waits = tokio::task::spawn_blocking(move || {
        waits.wait_held();
        waits.pass();
        waits
    });
    assert_eq!(working.await.unwrap().unwrap(), "c");
    let _proxy = waits.await.unwrap();
    let again = Gateway::default();
    assert_eq!(charge(store, again.clone(), "lost", 1).await.unwrap(), "c");
    assert_eq!(again.charged(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_leaves_in_a_statement_leaves_a_pool_that_works() {
    let Some((_server, proxy, store)) = proxied("callers who leave in a statement").await else { return };
    let id = RecordId::new(NAME, None, "left").unwrap();
    proxy.hang_answers();
    for _ in 0..30 {
        let late = timeout(Duration::from_millis(20), store.get(&id)).await;
        assert!(late.is_err());
    }
    proxy.pass();
    assert_eq!(store.get(&id).await.unwrap(), None);
    assert!(charge(store, Gateway::default(), "after", 1).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database() {
    for home in Home::all("a read-only database").await {
        let read_only = if home.is_sqlite() {
            let options = home.url.parse::<SqliteConnectOptions>().unwrap();
            SqlStore::sqlite(SqlitePool::connect_with(options.read_only(true)).await.unwrap())
        } else {
            let options = home.url.parse::<PgConnectOptions>().unwrap();
            let options = options.options([("default_transaction_read_only", "on")]);
            SqlStore::postgres(PgPoolOptions::new().connect_with(options).await.unwrap())
        };
        fails_closed(&read_only).await;
        assert!(charge(home.store.clone(), Gateway::default(), "before", 1).await.is_ok());
        let ended = RecordId::new(NAME, None, "before").unwrap();
        assert!(read_only.get(&ended).await.unwrap().is_some(), "it can be read");
    }
}

/// The end of a call does not fit in: the caller gets the value, and the neighbours their records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let home = Home::sqlite().await;
    let options = home.url.parse::<SqliteConnectOptions>().unwrap();
    // Each connection counts for itself; 4 KiB each.
    let store = SqlStore::sqlite(SqlitePool::connect_with(options.pragma("max_page_count", "40")).await.unwrap());
    tells_the_value(charge(store.clone(), Gateway::default(), "large", 1 << 20).await, 1 << 20);
    assert!(charge(store.clone(), Gateway::default(), "small", 1).await.is_ok());

    let gateway = Gateway::default();
    let mut calls = 0;
    let refusal = loop {
        let key = format!("order-{calls}").leak();
        match charge(store.clone(), gateway.clone(), key, 100).await {
            Ok(_) => calls += 1,
            // Its end does not fit in: it stays in flight, and unknown.
            Err(PayError::Refused(refused)) if refused.code() == "unrecorded" => calls += 1,
            Err(PayError::Refused(refused)) => break refused,
        }
    };
    assert_eq!((refusal.code(), gateway.charged()), ("store_full", calls));
    assert!(charge(store, gateway, "small", 1).await.is_ok(), "replayed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_fails_alone() {
    let Some(home) = Home::postgres("one bad step among good ones").await else { return };
    // A name that PostgreSQL cannot keep; SQLite keeps any.
    let bad = RecordId::new("tests.sql.\0", None, "k").unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for key in 0..60 {
        let good = crate::support::id(&key.to_string());
        let (store, new) = (home.store.clone(), crate::support::claim(if key % 10 == 7 { bad.clone() } else { good }));
        calls.spawn(async move { store.claim(new).await.is_ok() });
    }
    let won = calls.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 54);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_without_a_free_connection_says_so() {
    for home in Home::all("a pool without a free connection").await {
        let store = home.narrow().await;
        let _held: Box<dyn std::any::Any> = match (store.sqlite_pool(), store.postgres_pool()) {
            (Some(pool), _) => Box::new(pool.acquire().await.unwrap()),
            (_, Some(pool)) => Box::new(pool.acquire().await.unwrap()),
            (None, None) => unreachable!(),
        };
        let error: StoreError = store.get(&RecordId::new(NAME, None, "k").unwrap()).await.unwrap_err();
        assert!(error.to_string().starts_with("no connection of the pool became free"), "{error}");
    }
}

#[tokio::test]
async fn a_runtime_that_ends_in_the_middle_leaves_a_store_that_works() {
    for home in Home::all("a runtime that ends").await {
        let cut = || {
            let store = home.store.clone();
            let in_the_middle = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let id = RecordId::new(NAME, None, "cut").unwrap();
                    let left = tokio::spawn(async move { store.complete(&id, Token::random(), known(b"1")).await });
                    tokio::task::yield_now().await;
                    !left.is_finished()
                })
            };
            std::thread::spawn(in_the_middle).join().unwrap()
        };
        // A quick answer may be there already.
        assert!((0..100).any(|_| cut()), "it was never in the middle");
        let id = RecordId::new(NAME, None, "k").unwrap();
        let held = timeout(Duration::from_secs(30), home.store.complete(&id, Token::random(), known(b"1"))).await;
        assert_eq!(held.expect("nobody serves the lane").unwrap(), Held::Lost);
    }
}
