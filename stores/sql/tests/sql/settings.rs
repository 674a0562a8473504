//! What is chosen when a store is opened, and what of a user's own pool is refused.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row};
use steadfast::idempotent::{Claimed, Held, NewClaim, Store, conformance};
use steadfast_servers::temp_dir;
use steadfast_sql::{SetupError, SqlStore};

use crate::support::{Home, claim, id, known};

#[tokio::test]
async fn a_file_that_is_opened_here_keeps_what_was_committed() {
    let home = Home::sqlite().await;
    let pool = home.store.sqlite_pool().unwrap();
    let journal: String = sqlx::query("PRAGMA journal_mode").fetch_one(pool).await.unwrap().get(0);
    let synchronous: i64 = sqlx::query("PRAGMA synchronous").fetch_one(pool).await.unwrap().get(0);
    assert_eq!((&*journal, synchronous), ("wal", 2));
    home.store.check().await.unwrap();
}

/// Whoever holds the connections that are handed out has none of those that write.
#[tokio::test]
async fn bodies_that_hold_every_connection_to_a_file_that_is_opened_here_hold_up_no_write() {
    let home = Home::sqlite().await;
    let pool = home.store.sqlite_pool().unwrap();
    let mut held = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        held.push(pool.acquire().await.unwrap());
    }
    assert!(pool.try_acquire().is_none());
    let claim = claim(id("k"));
    assert!(matches!(home.store.claim(claim.clone()).await.unwrap(), Claimed::Won));
    assert_eq!(home.store.complete(&claim.id, claim.token, known(b"1")).await.unwrap(), Held::Yes);
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    let without_a_name = ["sqlite:", "sqlite:?mode=rwc", "sqlite://?cache=shared", "sqlite://?mode=memory"];
    let in_memory =
        ["sqlite::memory:", "sqlite://:memory:", "sqlite:a.db?mode=memory", "sqlite:a.db?cache=shared&mode=memory"];
    for url in without_a_name.into_iter().chain(in_memory) {
        let error = SqlStore::connect(url).await.unwrap_err();
        assert!(error.to_string().contains("MemoryStore"), "{url}: {error}");
    }
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let error = SqlStore::sqlite(pool).check().await.unwrap_err();
    assert!(matches!(error, SetupError::Unsafe { setting: "journal_mode", .. }), "{error}");
}

/// What a path is called is no parameter.
#[tokio::test]
async fn a_file_is_made_whatever_its_path_is_called() {
    let folder = temp_dir();
    let inside = folder.join("mode=memory");
    std::fs::create_dir(&inside).unwrap();
    let file = inside.join("mode=ro.db");
    let store = SqlStore::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    assert!(file.exists());
}

#[tokio::test]
async fn a_pool_that_may_forget_is_refused() {
    let home = Home::sqlite().await;
    let options = home.url.parse::<SqliteConnectOptions>().unwrap();
    let normal = options.clone().synchronous(SqliteSynchronous::Normal);
    let error = SqlStore::sqlite(SqlitePool::connect_with(normal).await.unwrap()).check().await.unwrap_err();
    assert!(matches!(&error, SetupError::Unsafe { setting: "synchronous", found, .. } if found == "NORMAL"), "{error}");

    let own = Home::bare_sqlite().await;
    let options = own.url.parse::<SqliteConnectOptions>().unwrap();
    own.store.sqlite_pool().unwrap().close().await;
    let off = options.journal_mode(SqliteJournalMode::Off).synchronous(SqliteSynchronous::Full);
    let error = SqlStore::sqlite(SqlitePool::connect_with(off).await.unwrap()).check().await.unwrap_err();
    assert!(matches!(error, SetupError::Unsafe { setting: "journal_mode", .. }), "{error}");

    let Some(home) = Home::postgres("synchronous_commit").await else { return };
    let options = home.url.parse::<PgConnectOptions>().unwrap().options([("synchronous_commit", "off")]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let error = SqlStore::postgres(pool).check().await.unwrap_err();
    assert!(matches!(error, SetupError::Unsafe { setting: "synchronous_commit", .. }), "{error}");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_does_not_start() {
    let home = Home::sqlite().await;
    let options = home.url.parse::<SqliteConnectOptions>().unwrap();
    for options in [options.clone().read_only(true), options.pragma("query_only", "on")] {
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let error = SqlStore::sqlite(pool).check().await.unwrap_err();
        assert!(matches!(error, SetupError::ReadOnly), "{error}");
    }
    let Some(home) = Home::postgres("read-only transactions").await else { return };
    let options = home.url.parse::<PgConnectOptions>().unwrap().options([("default_transaction_read_only", "on")]);
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let error = SqlStore::postgres(pool).check().await.unwrap_err();
    assert!(matches!(error, SetupError::ReadOnly), "{error}");
}

#[tokio::test]
async fn a_url_that_cannot_be_opened_is_not_printed() {
    for url in [
        "postgres://app:hunter2@127.0.0.1:1/bank",
        "postgres://app:hunter2@:::/bank",
        "mysql://app:hunter2@host/bank",
        "app:hunter2@host",
        "sqlite:/no/such/hunter2/records.db",
        "sqlite:hunter2.db?mode=none",
    ] {
        let error = SqlStore::connect(url).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_file_at_once() {
    let folder = temp_dir();
    let url = format!("sqlite:{}", folder.join("new.db").display());
    let mut deploys = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let url = url.clone();
        deploys.spawn(async move {
            let store = SqlStore::connect(&url).await.unwrap();
            store.migrate().await.unwrap();
            store.check().await.unwrap();
        });
    }
    deploys.join_all().await;
}

#[tokio::test]
async fn opening_waits_for_who_writes_a_file_that_is_not_in_wal_mode_yet() {
    let folder = temp_dir();
    let url = format!("sqlite:{}", folder.join("old.db").display());
    let mut other = SqliteConnectOptions::from_str(&url).unwrap().create_if_missing(true).connect().await.unwrap();
    let writes = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut opens = tokio::spawn(async move { SqlStore::connect(&url).await.map(|_| ()) });
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut opens).await.is_err(), "nobody waited");
    writes.rollback().await.unwrap();
    opens.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stricter_isolation_level_only_costs_another_try() {
    let Some(home) = Home::postgres("a stricter isolation level").await else { return };
    let options = home.url.parse::<PgConnectOptions>().unwrap();
    let options = options.options([("default_transaction_isolation", "serializable")]);
    let strict = async || SqlStore::postgres(PgPoolOptions::new().connect_with(options.clone()).await.unwrap());
    conformance::run(strict).await.unwrap();
}

#[tokio::test]
async fn an_error_tells_neither_key_nor_result() {
    let Some(home) = Home::postgres("what an error tells").await else { return };
    home.run("ALTER TABLE steadfast_records ADD CHECK (claimed_at > 0)").await.unwrap();
    let new = NewClaim { claimed_at: SystemTime::UNIX_EPOCH, ..claim(id("hunter2")) };
    let error = home.store.claim(new).await.unwrap_err();
    assert!(error.to_string().contains("23514"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
