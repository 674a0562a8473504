//! The command killed half way, at several moments, and run again to the end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]
#![cfg(unix)]

mod kept;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::Duration;

use kept::{Card, Shop, kill};
use steadfast_servers::{DURABLE, postgres, redis_server};

const ORDERS: usize = 40;
/// Every fifth order is sent twice.
const REQUESTS: usize = 48;

/// Killed while charges are on their way, four times, and then left alone.
async fn killed_and_finished(shop: &Shop) {
    shop.orders(ORDERS, Card::Any);
    for charges in [1, 7, 13, 20] {
        let child = shop.until_charged(charges).await;
        // The gateway's answers take at least twice as long.
        sleep(Duration::from_millis(fastrand::u64(0..30)));
        kill(child);
    }
    let before = shop.charges().await.len();
    assert!((20..ORDERS).contains(&before), "{before} charges: killed too late");

    let report = shop.finish();
    shop.charged_each_once(ORDERS).await;
    report.adds_up(REQUESTS, ORDERS);
    assert_eq!(report.number("charged once"), ORDERS, "{}", report.0);
    assert_eq!(report.number("charged"), ORDERS - before, "{}", report.0);
    let by_run = format!("Of the {ORDERS} charged once, this run charged {}, and others {before}.", ORDERS - before);
    assert!(report.0.contains("This is run 5 on this ledger") && report.0.contains(&by_run), "{}", report.0);
    // Those that were on their way when the process was killed: the gateway had them, the records did not.
    assert!(report.number("recovered") > 0, "{}", report.0);
    assert!(report.number("it has the charge") >= report.number("recovered"), "{}", report.0);

    everything_is_replayed(shop).await;
}

/// A run after one that finished.
async fn everything_is_replayed(shop: &Shop) {
    let before = shop.charges().await;
    let report = shop.finish();
    assert_eq!(shop.charges().await, before);
    report.adds_up(REQUESTS, ORDERS);
    let answers = ["charged", "recovered", "replayed", "it has the charge"].map(|label| report.number(label));
    assert_eq!(answers, [0, 0, REQUESTS, 0], "{}", report.0);
    assert!(report.0.contains(&format!("and nothing ran; {REQUESTS} older than this run")), "{}", report.0);
    assert!(report.0.contains(&format!("took {ORDERS} charges,\nand left 0 calls")), "{}", report.0);
}

#[tokio::test]
async fn with_its_records_in_sqlite() {
    killed_and_finished(&Shop::over_sqlite()).await;
}

#[tokio::test]
async fn with_its_records_in_postgresql() {
    let Some(database) = postgres("a killed run is finished, with its records in PostgreSQL") else { return };
    killed_and_finished(&Shop::over(database.url())).await;
}

#[tokio::test]
async fn with_its_records_in_redis() {
    let Some(server) = redis_server("a killed run is finished, with its records in Redis", DURABLE) else { return };
    killed_and_finished(&Shop::over(server.url())).await;
}

#[tokio::test]
async fn a_redis_that_came_back_empty_is_not_taken_for_a_new_one() {
    let Some(server) = redis_server("an emptied Redis is refused", DURABLE) else { return };
    let shop = Shop::over(server.url());
    shop.orders(3, Card::Any);
    shop.finish();
    server.restart_empty();
    let output = shop.run(&[]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("The ledger has earlier runs, so this is a loss; `--fresh` begins anew"), "{told}");
    assert_eq!(output.status.code(), Some(2));
    shop.charged_each_once(3).await;
    assert!(shop.run(&["--fresh"]).status.success());
}

#[tokio::test]
async fn a_process_that_aborts_in_the_middle_of_a_charge() {
    let shop = Shop::over_sqlite();
    shop.orders(ORDERS, Card::Any);
    let output = shop.run(&["--die-after", "12"]);
    const SIGABRT: i32 = 6;
    assert_eq!(output.status.signal(), Some(SIGABRT));
    assert!(String::from_utf8(output.stderr).unwrap().contains("has taken charge 12 of this run; aborted here"));
    assert_eq!(shop.charges().await.len(), 12);
    let report = shop.finish();
    shop.charged_each_once(ORDERS).await;
    report.adds_up(REQUESTS, ORDERS);
    assert!(report.number("recovered") > 0, "{}", report.0);
}

#[tokio::test]
async fn a_lost_store_charges_nobody_twice_because_the_gateway_knows_the_keys() {
    let shop = Shop::over_sqlite();
    shop.orders(ORDERS, Card::Any);
    shop.finish();
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", shop.records().display()));
    }
    let report = shop.finish();
    shop.charged_each_once(ORDERS).await;
    assert_eq!((report.number("charged"), report.number("recovered")), (0, ORDERS), "{}", report.0);
}

#[tokio::test]
async fn a_fresh_start_forgets_both() {
    let shop = Shop::over_sqlite();
    shop.orders(ORDERS, Card::Any);
    shop.finish();
    let output = shop.run(&["--fresh"]);
    let report = kept::Report::of(&output);
    assert!(report.0.contains("This is the first run on this ledger."), "{}", report.0);
    assert_eq!(report.number("charged"), ORDERS, "{}", report.0);
    shop.charged_each_once(ORDERS).await;
}

#[tokio::test]
async fn two_processes_at_once_charge_each_order_once_between_them() {
    let shop = Shop::over_sqlite();
    shop.orders(ORDERS, Card::Any);
    let one = shop.until_charged(1).await;
    let two = shop.run(&[]);
    let one = one.wait_with_output().unwrap();
    shop.charged_each_once(ORDERS).await;
    let reports = [one, two].map(|output| kept::Report::of(&output));
    for report in &reports {
        report.adds_up(REQUESTS, ORDERS);
        assert!(report.0.contains("The proof holds"), "{}", report.0);
    }
    assert_eq!(reports.iter().map(|report| report.number("charged")).sum::<usize>(), ORDERS);
}
