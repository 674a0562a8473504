//! PostgreSQL: the one of `DATABASE_URL`, or one that is started for it.

use sqlx::postgres::PgPool;
use steadfast::idempotent::Token;
use steadfast_sql::SqlStore;

use super::{DAY, RESULT, Store, compare, id, now, pair, through};
use crate::target::Target;

/// The statements, on a pool with the same settings.
async fn by_hand(pool: &PgPool, number: u64) {
    let (id, token, now) = (id(number), Token::random().to_bytes(), now());
    let claimed = sqlx::query(
        "INSERT INTO steadfast_records (name, scope, key, fingerprint, token, version, claimed_at, state, lease_until) \
         VALUES ($1, '', $2, NULL, $3, 0, $4, 'in_flight', $5) ON CONFLICT (name, scope, key) DO NOTHING",
    );
    let claimed = claimed.bind(id.name()).bind(id.key()).bind(&token[..]).bind(now).bind(now + 60_000_000_000);
    assert_eq!(claimed.execute(pool).await.expect("a claim").rows_affected(), 1);
    let completed = sqlx::query(
        "UPDATE steadfast_records SET version = version + 1, state = 'value', lease_until = NULL, stored = $4, \
         expires_at = $5 WHERE name = $1 AND scope = '' AND key = $2 AND token = $3 AND state = 'in_flight'",
    );
    let completed =
        completed.bind(id.name()).bind(id.key()).bind(&token[..]).bind(RESULT).bind(now + DAY.as_nanos() as i64);
    assert_eq!(completed.execute(pool).await.expect("a completion").rows_affected(), 1);
}

pub(super) async fn measure() -> Vec<Target> {
    let database = || steadfast_servers::postgres("what a record in PostgreSQL costs");
    let (Some(one), Some(other)) = (database(), database()) else { return Vec::new() };
    let ours = SqlStore::connect(one.url()).await.expect("a store");
    let pool = PgPool::connect(other.url()).await.expect("a pool");
    for store in [&ours, &SqlStore::postgres(pool.clone())] {
        store.migrate().await.expect("tables");
    }
    let hand = pair(move |number| {
        let pool = pool.clone();
        async move { by_hand(&pool, number).await }
    });
    let store = Store { name: "postgres", synced: true, hand, ours: through(ours) };
    compare(&store, 200, 1600).await
}
