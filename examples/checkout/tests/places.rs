//! Stores and files that cannot be used, and runs that keep nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

mod kept;

use std::fs;
use std::net::TcpListener;

use kept::{Card, Report, Shop};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use steadfast_servers::postgres;

/// What it says of a store that it cannot use.
fn refused(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.run(arguments);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), b"".as_slice()), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A port at which nobody listens.
fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn an_unreachable_server_is_named_without_its_password() {
    for (scheme, why) in [("redis", "the connection to Redis failed"), ("postgres", "is there a server")] {
        let port = nobody();
        let shop = Shop::over(format!("{scheme}://me:s3cret@127.0.0.1:{port}/0"));
        shop.orders(1, Card::Any);
        let told = refused(&shop, &[]);
        assert!(told.starts_with(&format!("checkout: `--store {scheme}://127.0.0.1:{port}/0`: ")), "{told}");
        assert!(told.contains(why), "{told}");
        assert!(!told.contains("s3cret") && !told.contains("me:s"), "{told}");
    }
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let Some(database) = postgres("a wrong role is told without its password") else { return };
    let (before, host) = database.url().split_once('@').unwrap();
    assert!(before.starts_with("postgres"), "{before}");
    let shop = Shop::over(format!("postgres://nobody:s3cret@{host}"));
    shop.orders(1, Card::Any);
    let told = refused(&shop, &[]);
    assert!(told.contains("`--store postgres://") && !told.contains("s3cret"), "{told}");
}

#[test]
fn a_store_that_is_none_is_told() {
    for (store, why) in [
        ("mysql://me:s3cret@db", "a store is `memory`, `sqlite:PATH`, `postgres:URL` or `redis:URL`"),
        ("sqlite:", "`sqlite:` needs the path of a file behind it"),
        ("redis:", "`redis:` needs a URL behind it"),
    ] {
        let shop = Shop::over(store);
        let told = refused(&shop, &[]);
        assert!(told.starts_with(&format!("checkout: `--store`: {why}")), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[test]
fn a_file_that_is_no_database_is_told() {
    let shop = Shop::over_sqlite();
    shop.orders(1, Card::Any);
    fs::write(shop.records(), "the shopping list of last week, which is longer than a page's header").unwrap();
    let told = refused(&shop, &[]);
    assert!(told.contains("records.sqlite`: ") && told.contains("file is not a database"), "{told}");
    let told = refused(&shop, &["--fresh"]);
    assert!(told.starts_with("checkout: `--fresh`: ") && told.contains("records.sqlite is not deleted"), "{told}");
    assert!(shop.records().exists());
}

#[tokio::test]
async fn a_fresh_start_deletes_no_tables_of_others() {
    let shop = Shop::over_sqlite();
    shop.orders(1, Card::Any);
    shop.finish();
    let mut file = SqliteConnectOptions::new().filename(shop.records()).connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE customers (name TEXT)").execute(&mut file).await.unwrap();
    file.close().await.unwrap();
    let told = refused(&shop, &["--fresh"]);
    assert!(told.contains("its table `customers` is not of this example"), "{told}");
    assert!(shop.records().exists());
}

#[test]
fn in_memory_every_run_is_the_first() {
    let shop = Shop::in_memory();
    shop.orders(2, Card::Any);
    for _ in 0..2 {
        let output = shop.run(&[]);
        let report = Report::of(&output);
        assert!(report.0.contains("Records and ledger are in memory"), "{}", report.0);
        assert_eq!((output.status.code(), report.number("charged")), (Some(0), 2), "{}", report.0);
    }
    let files = fs::read_dir(shop.folder.path()).unwrap().count();
    assert_eq!(files, 1, "only the orders are there");
}
