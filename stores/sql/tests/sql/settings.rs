//! What is chosen when a store is opened, and what of a user's own pool is refused.

use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use steadfast_sql::{SetupError, SqlStore};

use crate::support::Home;

#[tokio::test]
async fn a_file_that_is_opened_here_keeps_what_was_committed() {
    let home = Home::sqlite().await;
    let pool = home.store.sqlite_pool().unwrap();
    let journal: String = sqlx::query("PRAGMA journal_mode").fetch_one(pool).await.unwrap().get(0);
    let synchronous: i64 = sqlx::query("PRAGMA synchronous").fetch_one(pool).await.unwrap().get(0);
    assert_eq!((&*journal, synchronous), ("wal", 2));
    home.store.check().await.unwrap();
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite://?mode=memory", "sqlite:a.db?mode=memory"] {
        let error = SqlStore::connect(url).await.unwrap_err();
        assert!(error.to_string().contains("MemoryStore"), "{url}: {error}");
    }
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let error = SqlStore::sqlite(pool).check().await.unwrap_err();
    assert!(matches!(error, SetupError::Unsafe { setting: "journal_mode", .. }), "{error}");
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
