//! A server that is slow, gone, empty, read-only or forgetful, before the work and after it.

use std::sync::Arc;
use std::time::Duration;

use steadfast::Reason;
use steadfast::idempotent::{Store, UnrecordedWhy};
use steadfast_redis::RedisError;
use steadfast_servers::DURABLE;

use crate::attribute::{Shop, charge, charge_until_not};
use crate::{PayError, behind, own};

/// The result that is inside what a call without a record ended with, and why it has none.
fn inside(ended: Result<u32, PayError>) -> (u32, String) {
    let Err(PayError::Refused(refused)) = ended else { panic!("{ended:?}") };
    let Reason::Unrecorded(unrecorded) = refused.reason() else { panic!("{refused}") };
    let UnrecordedWhy::Store(why) = unrecorded.why() else { panic!("{refused}") };
    (unrecorded.take::<Result<u32, PayError>>().unwrap().unwrap(), why.to_string())
}

/// Nothing ran, and the refusal says that this is why.
async fn refuses(shop: &Shop, key: &'static str, why: RedisError) {
    let refused = charge(shop.clone(), 5, key).await.unwrap_err();
    assert_eq!(refused.code(), "store_unavailable");
    let PayError::Refused(rejection) = &refused else { panic!() };
    let source = std::error::Error::source(rejection).unwrap();
    assert_eq!(source.to_string(), why.to_string());
    assert_eq!(shop.runs.so_far(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_before_the_work_nothing_runs() {
    let Some((_server, proxy, records)) = behind("a slow server").await else { return };
    let shop = Shop::new(records);
    proxy.delay(Duration::from_secs(3));
    refuses(&shop, "order-1", RedisError::Late { after: Duration::from_secs(1) }).await;
    proxy.pass();
    proxy.cut();
    assert_eq!(charge(shop.clone(), 5, "order-2").await.unwrap(), 5001);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_after_the_work_it_is_recorded_when_the_server_answers() {
    let Some((_server, proxy, records)) = behind("slow after the work").await else { return };
    let (proxy, shop) = (Arc::new(proxy), Shop::new(records));
    let charged = shop.charge_while("order-1", async || {
        proxy.hang_answers(); // it hears, and does
        let proxy = proxy.clone();
        tokio::task::spawn_blocking(move || {
            proxy.wait_held();
            proxy.pass();
        });
    });
    assert_eq!(charged.await.unwrap(), 500_001);
    assert_eq!(charge_until_not(&shop, "order-1", "").await.unwrap(), 500_001);
    assert_eq!(shop.runs.so_far(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_before_the_work_nothing_runs() {
    let Some((server, records)) = own("gone before the work", DURABLE).await else { return };
    let shop = Shop::new(records);
    server.kill();
    refuses(&shop, "order-1", RedisError::Disconnected(std::io::ErrorKind::ConnectionRefused)).await;
    server.restart();
    assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_after_the_work_the_caller_gets_the_result_and_the_key_stays_in_doubt() {
    let Some((server, records)) = own("gone after the work", DURABLE).await else { return };
    let shop = Shop::new(records.clone());
    let ended = shop.charge_while("order-1", async || server.kill()).await;
    let (result, why) = inside(ended);
    assert_eq!(result, 500_001);
    assert!(why.starts_with("the connection to Redis failed"), "{why}");

    server.restart();
    let refused = charge_until_not(&shop, "order-1", "in_flight").await.unwrap_err();
    assert_eq!((refused.code(), shop.runs.so_far()), ("outcome_unknown", 1));
    let now = steadfast::clock::wall();
    let listed = records.unknowns(now, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|(id, _)| id.key()).collect::<Vec<_>>(), ["order-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_and_back_within_the_lease_it_is_recorded() {
    let Some((server, records)) = own("back in time", DURABLE).await else { return };
    let shop = Shop::new(records);
    let ended = shop.charge_while("order-1", async || server.restart()).await;
    assert_eq!(ended.unwrap(), 500_001);
    assert_eq!(charge_until_not(&shop, "order-1", "").await.unwrap(), 500_001);
    assert_eq!(shop.runs.so_far(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_outlive_a_server_that_is_killed_and_restarted() {
    let Some((server, records)) = own("killed and restarted", DURABLE).await else { return };
    let shop = Shop::new(records.clone());
    assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);
    server.kill();
    server.restart();
    records.check().await.unwrap();
    assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);
    assert_eq!(shop.runs.so_far(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn back_empty_before_the_work_nothing_runs() {
    let Some((server, records)) = own("back empty", &[]).await else { return };
    let shop = Shop::new(records.clone());
    server.restart_empty();
    refuses(&shop, "order-1", RedisError::NoData).await;
    assert_eq!(records.check().await, Err(RedisError::NoData));
    assert_eq!(server.command(&["DBSIZE"]).unwrap(), ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn back_empty_after_the_work_the_caller_is_told() {
    let Some((server, records)) = own("back empty after the work", &[]).await else { return };
    let shop = Shop::new(records);
    let ended = shop.charge_while("order-1", async || server.restart_empty()).await;
    assert_eq!(inside(ended), (500_001, RedisError::NoData.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_before_the_work_nothing_runs() {
    let Some((server, records)) = own("read-only", &[]).await else { return };
    let shop = Shop::new(records);
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    refuses(&shop, "order-1", RedisError::ReadOnly).await;
    // From now on it connects anew, to see whether there is a primary now.
    refuses(&shop, "order-1", RedisError::Replica).await;
    server.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_after_the_work_the_caller_is_told() {
    let Some((server, records)) = own("read-only after the work", &[]).await else { return };
    let shop = Shop::new(records);
    let ended = shop
        .charge_while("order-1", async || {
            server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
        })
        .await;
    assert_eq!(inside(ended), (500_001, RedisError::Replica.to_string()));
}

/// A primary that may not write without a replica to copy it.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_replicas_it_needs_nothing_runs() {
    let Some((server, records)) = own("too few replicas", &[]).await else { return };
    let shop = Shop::new(records);
    server.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]).unwrap();
    refuses(&shop, "order-1", RedisError::Refused { code: "NOREPLICAS".into() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_killed_and_scripts_forgotten_in_the_middle_change_nothing() {
    let Some((server, records)) = own("CLIENT KILL, SCRIPT FLUSH", &[]).await else { return };
    let shop = Shop::new(records);
    for (key, command) in
        [("order-1", &["CLIENT", "KILL", "TYPE", "normal"][..]), ("order-2", &["SCRIPT", "FLUSH"][..])]
    {
        let before = shop.runs.so_far();
        let ended = shop
            .charge_while(key, async || {
                server.command(command).unwrap();
            })
            .await;
        assert_eq!(ended.unwrap(), 500_001 + before);
        server.command(command).unwrap();
        assert_eq!(charge_until_not(&shop, key, "").await.unwrap(), 500_001 + before);
    }
    assert_eq!(shop.runs.so_far(), 2);
}
