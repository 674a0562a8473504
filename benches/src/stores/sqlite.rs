//! SQLite, in files of their own.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use steadfast::idempotent::Token;
use steadfast_servers::temp_dir;
use steadfast_sql::SqlStore;

use super::{DAY, RESULT, Store, compare, id, now, pair, through};
use crate::target::Target;

/// The statements, on a pool with the same settings.
async fn by_hand(pool: &SqlitePool, number: u64) {
    let (id, token, now) = (id(number), Token::random().to_bytes(), now());
    let claimed = sqlx::query(
        "INSERT INTO steadfast_records (name, scope, key, fingerprint, token, version, claimed_at, state, lease_until) \
         VALUES (?1, '', ?2, NULL, ?3, 0, ?4, 'in_flight', ?5) ON CONFLICT (name, scope, key) DO NOTHING",
    );
    let claimed = claimed.bind(id.name()).bind(id.key()).bind(&token[..]).bind(now).bind(now + 60_000_000_000);
    assert_eq!(claimed.execute(pool).await.expect("a claim").rows_affected(), 1);
    let completed = sqlx::query(
        "UPDATE steadfast_records SET version = version + 1, state = 'value', lease_until = NULL, stored = ?4, \
         expires_at = ?5 WHERE name = ?1 AND scope = '' AND key = ?2 AND token = ?3 AND state = 'in_flight'",
    );
    let completed =
        completed.bind(id.name()).bind(id.key()).bind(&token[..]).bind(RESULT).bind(now + DAY.as_nanos() as i64);
    assert_eq!(completed.execute(pool).await.expect("a completion").rows_affected(), 1);
}

pub(super) async fn measure() -> Vec<Target> {
    let folder = temp_dir();
    let ours = SqlStore::connect(&format!("sqlite:{}", folder.join("ours.db").display())).await.expect("a store");
    let options = SqliteConnectOptions::new()
        .filename(folder.join("hand.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.expect("a pool");
    for store in [&ours, &SqlStore::sqlite(pool.clone())] {
        store.migrate().await.expect("tables");
    }
    let hand = pair(move |number| {
        let pool = pool.clone();
        async move { by_hand(&pool, number).await }
    });
    let store = Store { name: "sqlite", synced: true, hand, ours: through(ours) };
    compare(&store, 200, 1600).await
}
