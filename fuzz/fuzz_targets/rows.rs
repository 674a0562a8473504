//! Rows of the table of records, as a hand, a bug or a later version may have written them.
//!
//! An input is the columns of a row: the token's length, the fingerprint's, a state, numbers, bytes.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use steadfast::idempotent::{Outcome, RecordId, RecordState, Store, Stored};
use steadfast_sql::SqlStore;
use tokio::runtime::{Builder, Runtime};

#[derive(Arbitrary, Debug)]
struct Row<'a> {
    fingerprint: Option<&'a [u8]>,
    token: &'a [u8],
    version: i64,
    claimed_at: i64,
    state: u8,
    lease_until: i64,
    expires_at: i64,
    resolved: Option<&'a str>,
    now: u64,
    stored: &'a [u8],
}

const STATES: [&str; 4] = ["in_flight", "unknown", "value", "terminal"];

struct World {
    runtime: Runtime,
    store: SqlStore,
    id: RecordId,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = runtime.block_on(async {
        // One connection: a database in memory is its own.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(SqliteConnectOptions::new()).await;
        let store = SqlStore::sqlite(pool.expect("a database in memory"));
        store.migrate().await.expect("its tables");
        store
    });
    World { runtime, store, id: RecordId::new("fuzz", None, "key").expect("a key") }
});

fuzz_target!(|row: Row<'_>| {
    let world = &*WORLD;
    world.runtime.block_on(read(world, &row));
});

async fn read(World { store, id, .. }: &World, row: &Row<'_>) {
    let state = STATES[usize::from(row.state) % STATES.len()];
    let ended = matches!(state, "value" | "terminal");
    let insert = "INSERT OR REPLACE INTO steadfast_records VALUES ('fuzz', '', 'key', ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let written = sqlx::query(insert)
        .bind(row.fingerprint)
        .bind(row.token)
        .bind(row.version)
        .bind(row.claimed_at)
        .bind(state)
        .bind((state == "in_flight").then_some(row.lease_until))
        .bind(ended.then_some(row.stored))
        .bind(ended.then_some(row.expires_at))
        .bind(row.resolved)
        .execute(store.sqlite_pool().expect("SQLite"))
        .await;
    written.expect("a row that the table allows");

    let well_formed =
        row.token.len() == 16 && row.version >= 0 && row.fingerprint.is_none_or(|bytes| bytes.len() == 33);
    let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(row.now);
    match store.get(id).await {
        Ok(record) => {
            assert!(well_formed, "{row:?}");
            let record = record.expect("the row is there");
            assert_eq!(record.token.to_bytes().as_slice(), row.token);
            assert_eq!(
                record.fingerprint.map(|fingerprint| fingerprint.to_bytes().to_vec()).as_deref(),
                row.fingerprint
            );
            assert_eq!(record.resolved.as_deref(), row.resolved);
            match &record.state {
                RecordState::Ended(Outcome::Known { stored: Stored::Value(bytes), .. }) => {
                    assert_eq!((state, &**bytes), ("value", row.stored));
                }
                RecordState::Ended(Outcome::Known { stored: Stored::Terminal(bytes), .. }) => {
                    assert_eq!((state, &**bytes), ("terminal", row.stored));
                }
                RecordState::Ended(Outcome::Unknown) => assert_eq!(state, "unknown"),
                RecordState::InFlight { .. } => assert_eq!(state, "in_flight"),
            }
            // Only known results expire.
            assert!(!record.is_expired(now) || ended);
            assert_eq!(record.is_unknown(now), listed(store, now).await);
        }
        Err(error) => {
            assert!(!well_formed, "{error}");
            assert!(error.to_string().len() < 300, "{error}");
        }
    }
}

/// Whether operators see it.
async fn listed(store: &SqlStore, now: SystemTime) -> bool {
    !store.unknowns(now, None, 10).await.expect("a list").is_empty()
}
