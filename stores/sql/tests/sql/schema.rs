//! The tables: made once, found missing, one version apart.

use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Claimed, Held, Store};
use steadfast_sql::{SetupError, SqlStore};

use crate::sagas;
use crate::support::{Home, claim, id, known};

/// The version before, in both databases.
const BEFORE: [&str; 2] = [
    concat!(
        include_str!("../../migrations/sqlite/0001_records.sql"),
        include_str!("../../migrations/sqlite/0002_unfinished_and_expiry.sql")
    ),
    concat!(
        include_str!("../../migrations/postgres/0001_records.sql"),
        include_str!("../../migrations/postgres/0002_unfinished_and_expiry.sql")
    ),
];

/// What a newer version of this crate may do: a column that may be empty, and its own number.
const NEXT: &str = "ALTER TABLE steadfast_records ADD COLUMN region TEXT; ALTER TABLE steadfast_sagas ADD COLUMN region TEXT; INSERT INTO steadfast_schema (version) VALUES (4)";

/// Everything that the store does.
async fn works(store: &SqlStore) {
    let [done, free, renewed] = ["done", "free", "renewed"].map(|key| claim(id(key)));
    for new in [&done, &free, &renewed] {
        assert!(matches!(store.claim(new.clone()).await.unwrap(), Claimed::Won));
    }
    assert_eq!(store.complete(&done.id, done.token, known(b"1")).await.unwrap(), Held::Yes);
    assert_eq!(store.release(&free.id, free.token).await.unwrap(), Held::Yes);
    assert_eq!(store.extend(&renewed.id, renewed.token, renewed.now).await.unwrap(), Held::Yes);
    assert!(matches!(store.claim(claim(id("done"))).await.unwrap(), Claimed::Found(_)));
    assert_eq!(store.unknowns(SystemTime::now(), None, 10).await.unwrap().len(), 1);
    let later = SystemTime::now() + Duration::from_secs(24 * 3600);
    assert_eq!(store.purge(later, 10).await.unwrap(), 1);
}

#[tokio::test]
async fn a_database_without_tables_does_not_start() {
    for home in Home::bare("a database without tables").await {
        let error = home.store.check().await.unwrap_err();
        assert!(matches!(error, SetupError::Behind { found: 0, needed: 3 }), "{error}");
        let error = home.store.claim(claim(id("k"))).await.unwrap_err();
        assert!(error.to_string().contains("SqlStore::migrate"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_migrate_at_once_migrate_once() {
    for home in Home::bare("migrations at once").await {
        let mut deploys = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let url = home.url.clone();
            deploys.spawn(async move {
                let store = SqlStore::connect(&url).await.unwrap();
                store.migrate().await.unwrap();
                store.check().await.unwrap();
            });
        }
        deploys.join_all().await;
        assert_eq!(home.number("SELECT count(*) FROM steadfast_schema").await, 3);
        home.store.migrate().await.unwrap();
        works(&home.store).await;
    }
}

#[tokio::test]
async fn todays_code_works_over_the_version_before() {
    for home in Home::bare("the version before").await {
        home.run(BEFORE[usize::from(!home.is_sqlite())]).await.unwrap();
        works(&home.store).await;
        let error = home.store.check().await.unwrap_err();
        assert!(matches!(error, SetupError::Behind { found: 2, needed: 3 }), "{error}");
        home.store.migrate().await.unwrap();
        home.store.check().await.unwrap();
    }
}

#[tokio::test]
async fn todays_code_works_over_the_next_version_and_starts_on_it() {
    for home in Home::all("the next version").await {
        works(&home.store).await;
        sagas::work(&home.store, "before").await;
        // While its statements are prepared on open connections.
        home.run("DELETE FROM steadfast_records").await.unwrap();
        home.run(NEXT).await.unwrap();
        home.store.check().await.unwrap();
        home.store.migrate().await.unwrap();
        works(&home.store).await;
        sagas::work(&home.store, "after").await;
    }
}

#[tokio::test]
async fn two_versions_ahead_are_too_many() {
    for home in Home::all("two versions ahead").await {
        home.run("INSERT INTO steadfast_schema (version) VALUES (4), (5)").await.unwrap();
        let error = home.store.check().await.unwrap_err();
        assert!(matches!(error, SetupError::Ahead { found: 5, known: 4 }), "{error}");
    }
}

/// The indexes are used; without them these would read every record.
#[tokio::test]
async fn operators_and_purges_look_into_an_index() {
    let home = Home::sqlite().await;
    let pool = home.store.sqlite_pool().unwrap();
    for (sql, index) in [
        (
            "SELECT name FROM steadfast_records WHERE state IN ('in_flight', 'unknown') \
             AND (state = 'unknown' OR lease_until <= 1) AND (name, scope, key) > ('a', '', 'k') \
             ORDER BY name, scope, key LIMIT 5",
            "steadfast_records_unfinished",
        ),
        (
            "SELECT name FROM steadfast_records WHERE expires_at IS NOT NULL AND expires_at <= 1 ORDER BY expires_at LIMIT 5",
            "steadfast_records_expiry",
        ),
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(&format!("EXPLAIN QUERY PLAN {sql}")).fetch_all(pool).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|step| step.3).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
    }
}
