//! Sagas whose log is in SQLite and PostgreSQL.

mod checkout;
mod killed;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use steadfast::idempotent::{Held, Token};
use steadfast::{Failure, Kind};
use steadfast_payments::saga::{
    Claimed, NewClaim, NewEntry, SagaError, SagaId, SagaLog, Status, Then, Which, conformance,
};
use steadfast_servers::{Proxy, postgres_server};
use steadfast_sql::SqlStore;

use crate::support::Home;
use checkout::{App, LONG, NAME, Order, Shop, Waits, all_done, checkout, order};

/// One that is done, one that is undone, and both forgotten.
pub(crate) async fn work(store: &SqlStore, id: &str) {
    let shop = Arc::new(Shop::default());
    for order_of in [500, 0] {
        let id = format!("{id}-{order_of}");
        let ended = checkout(LONG).run(&App::new(&shop), store, &id, order(order_of)).await;
        assert_eq!(ended.is_ok(), order_of > 0);
    }
    let later = SystemTime::now() + LONG;
    assert_eq!(SagaLog::purge(store, later, 10).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_databases_do_what_a_log_must() {
    for home in Home::all("the checks of a log of sagas").await {
        conformance::run(async || home.another().await).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_connection_is_enough() {
    for home in Home::all("a log with one connection").await {
        let log = home.narrow().await;
        conformance::run(async || log.clone()).await.unwrap();
    }
}

/// Opens the log once more, as another process does.
fn opens(home: &Home) -> impl AsyncFn() -> SqlStore + Clone + Send + 'static {
    let url = home.url.clone();
    async move || SqlStore::connect(&url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_in_any_step_it_is_gone_on_with_by_another_store() {
    for home in Home::all("sagas whose process is killed").await {
        killed::in_any_step_it_is_gone_on_with(opens(&home)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_while_it_is_undone_it_is_undone_once() {
    for home in Home::all("sagas killed in an undo").await {
        killed::while_it_is_undone_it_is_undone_once(opens(&home)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_look_for_died_executors_one_goes_on_with_each_saga() {
    for home in Home::all("two executors and one lease").await {
        killed::one_of_two_goes_on_with_each(opens(&home)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_runs_is_not_run_beside_and_a_late_owner_is_fenced_off() {
    for home in Home::all("a late owner of a saga").await {
        killed::or_believed_so_a_late_owner_is_fenced_off(opens(&home)).await;
    }
}

/// An executor tries for so long.
const SHORT: Duration = Duration::from_secs(3);

/// What the server does not take has not begun, and what it does not hear ends the executor, not the saga.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_goes_in_the_middle_stops_a_saga_until_it_is_back() {
    let Some(server) = postgres_server("a PostgreSQL that goes in a saga") else { return };
    let proxy = Proxy::start(server.address());
    let store = SqlStore::connect(&proxy.url(&server.url())).await.unwrap();
    store.migrate().await.unwrap();
    let shop = Arc::new(Shop::default());
    let app = App::waiting(&shop, Waits::After("charge"));
    let running = tokio::spawn(checkout(SHORT).run(&app, &store, "order-1", order(500)));
    app.reached().await;
    server.kill();
    app.open();
    let stopped = running.await.unwrap().unwrap_err();
    assert!(matches!(stopped, SagaError::Log(_)), "{stopped}");
    assert_eq!(stopped.kind(), Kind::Unknown);
    let refused = checkout(SHORT).run(&App::new(&shop), &store, "order-2", order(500)).await.unwrap_err();
    assert!(matches!(refused, SagaError::Log(_)), "{refused}");
    assert!(checkout(SHORT).resume_all(&App::new(&shop), &store).await.unwrap().unlisted.is_some());

    server.restart();
    proxy.pass();
    while checkout(SHORT).resume_all(&App::new(&shop), &store).await.unwrap().done == 0 {
        tokio::time::sleep(SHORT / 8).await;
    }
    assert_eq!(shop.effects(), all_done(1), "nothing of what was refused");
}

/// An answer that is lost is asked for again, and what was written stands there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn entries_whose_answers_are_lost_are_written_once() {
    let Some(server) = postgres_server("answers about a saga that are lost") else { return };
    let proxy = Proxy::start(server.address());
    let store = SqlStore::connect(&proxy.url(&server.url())).await.unwrap();
    store.migrate().await.unwrap();
    let shop = Arc::new(Shop::default());
    let app = App::waiting(&shop, Waits::After("reserve"));
    let running = tokio::spawn(checkout(LONG).run(&app, &store, "order-1", order(500)));
    app.reached().await;
    proxy.cut_answers();
    app.open();
    let heals = tokio::task::spawn_blocking(move || {
        proxy.wait_held();
        proxy.pass();
        proxy
    });
    assert_eq!(running.await.unwrap().unwrap().done.len(), 3);
    let _proxy = heals.await.unwrap();
    // Begun, and twice for each of three steps.
    let record = store.load(&SagaId::new(NAME, "order-1").unwrap()).await.unwrap().unwrap();
    assert_eq!(record.entries.len(), 7);
    assert_eq!(shop.effects(), all_done(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_what_has_not_begun() {
    let home = Home::sqlite().await;
    let options = home.url.parse::<SqliteConnectOptions>().unwrap();
    // Each connection counts for itself; 4 KiB each.
    let small = SqlStore::sqlite(SqlitePool::connect_with(options.pragma("max_page_count", "60")).await.unwrap());
    let (shop, app) = (Arc::new(Shop::default()), App::new(&Arc::default()));
    let large = Order { done: vec!["x".repeat(1 << 20)], ..order(500) };
    let full = checkout(LONG).run(&app, &small, "order-1", large).await.unwrap_err();
    assert_eq!(full.kind(), Kind::Refused, "{full}");
    assert!(app.shop.effects().is_empty());
    let app = App::new(&shop);
    checkout(LONG).run(&app, &small, "order-1", order(500)).await.unwrap();
    assert_eq!(shop.effects(), all_done(1), "nothing of the first is there");
}

const CARD: &str = "4242424242424242";

/// Every value of every column of both tables, as text.
async fn everything(home: &Home) -> String {
    let mut all = String::new();
    for sql in ["SELECT * FROM steadfast_sagas", "SELECT * FROM steadfast_saga_entries ORDER BY seq"] {
        macro_rules! gather {
            ($pool:expr) => {
                for row in sqlx::query(sql).fetch_all($pool).await.unwrap() {
                    for column in 0..row.len() {
                        let text = row.try_get::<Option<String>, _>(column).map(Option::unwrap_or_default);
                        let bytes = row.try_get::<Option<Vec<u8>>, _>(column).map(Option::unwrap_or_default);
                        let number = row.try_get::<Option<i64>, _>(column).map(|number| format!("{number:?}"));
                        let bytes = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                        all.push_str(&text.or(bytes).or(number).unwrap());
                        all.push('\n');
                    }
                }
            };
        }
        match (home.store.sqlite_pool(), home.store.postgres_pool()) {
            (Some(pool), _) => gather!(pool),
            (_, Some(pool)) => gather!(pool),
            (None, None) => unreachable!(),
        }
    }
    all
}

#[tokio::test]
async fn rows_hold_what_the_state_serializes_to_and_nothing_else_of_it() {
    for home in Home::all("rows of a saga").await {
        let shop = Arc::new(Shop::default());
        let order = Order { card: CARD.into(), ..order(41_733) };
        checkout(LONG).run(&App::new(&shop), &home.store, "order-1", order).await.unwrap();
        let all = everything(&home).await;
        let states = [r#"[]"#, r#"["reserve"]"#, r#"["reserve","charge"]"#, r#"["reserve","charge","ship"]"#];
        for done in states {
            assert_eq!(all.matches(&format!(r#"{{"cents":41733,"done":{done}}}"#)).count(), 1, "{all}");
        }
        assert_eq!(all.matches("41733").count(), states.len(), "{all}");
        assert!(!all.contains(CARD) && !all.contains("card"), "{all}");
        if home.is_sqlite() {
            let path = home.url.trim_start_matches("sqlite:");
            for file in [path.to_owned(), format!("{path}-wal")] {
                assert!(!String::from_utf8_lossy(&std::fs::read(file).unwrap()).contains(CARD));
            }
        }
    }
}

/// A log that has lost an entry does not look like a shorter one, and the error tells nothing of the others.
#[tokio::test]
async fn a_saga_that_lost_an_entry_is_not_gone_on_with() {
    for home in Home::all("a saga that lost an entry").await {
        let shop = Arc::new(Shop::default());
        for (number, lost) in ["seq = 0", "seq = 3", "seq = 6", "seq > -1"].into_iter().enumerate() {
            let id = format!("order-{number}");
            checkout(LONG).run(&App::new(&shop), &home.store, &id, order(500)).await.unwrap();
            home.run(&format!("DELETE FROM steadfast_saga_entries WHERE {lost} AND id = '{id}'")).await.unwrap();
            let error = home.store.load(&SagaId::new(NAME, &id).unwrap()).await.unwrap_err();
            let told = "a row of steadfast_sagas has a column `entries` that this version cannot read";
            assert_eq!(error.to_string(), told, "{lost}");
        }
    }
}

#[tokio::test]
async fn what_ended_is_purged_with_its_entries_and_no_record_with_it() {
    for home in Home::all("purges of sagas").await {
        let (shop, log) = (Arc::new(Shop::default()), &home.store);
        for number in 0..5 {
            checkout(LONG).run(&App::new(&shop), log, &format!("order-{number}"), order(500)).await.unwrap();
        }
        let stuck = SagaId::new(NAME, "stuck").unwrap();
        let claim = NewClaim {
            id: stuck.clone(),
            token: Token::random(),
            lease_until: SystemTime::now(),
            entry: b"{}".to_vec(),
            take_over: None,
        };
        assert!(matches!(SagaLog::claim(log, claim.clone()).await.unwrap(), Claimed::Won));
        let entry = NewEntry { seq: 1, entry: b"{}".to_vec(), then: Then::Stuck };
        assert_eq!(log.append(&stuck, claim.token, entry).await.unwrap(), Held::Yes);

        let later = SystemTime::now() + Duration::from_secs(60);
        assert_eq!(log.purge(later, 100).await.unwrap(), 0, "records");
        let batches = [0, 2, 2, 2].map(|limit| SagaLog::purge(log, later, limit));
        let mut gone = Vec::new();
        for batch in batches {
            gone.push(batch.await.unwrap());
        }
        assert_eq!(gone, [0, 2, 2, 1]);
        assert_eq!(home.number("SELECT count(*) FROM steadfast_sagas").await, 1);
        assert_eq!(home.number("SELECT count(*) FROM steadfast_saga_entries").await, 2);
        assert_eq!(log.load(&stuck).await.unwrap().unwrap().status, Status::Stuck);
        assert_eq!(log.list(NAME, Which::Stuck, None, 10).await.unwrap(), [stuck]);
    }
}

/// A program of today over the tables of before keeps its records, and says what is missing for its sagas.
#[tokio::test]
async fn tables_without_sagas_say_so() {
    for home in Home::all("tables of the version before").await {
        home.run("DROP TABLE steadfast_sagas; DROP TABLE steadfast_saga_entries").await.unwrap();
        let refused =
            checkout(LONG).run(&App::new(&Arc::default()), &home.store, "order-1", order(1)).await.unwrap_err();
        assert!(refused.to_string().contains("SqlStore::migrate"), "{refused}");
    }
}
