//! A server that has reached its `maxmemory`.

use std::time::{Duration, SystemTime};

use steadfast::first_seen::FirstSeen;
use steadfast::idempotent::{Held, Outcome, Resolution, Store, Stored};
use steadfast_servers::RedisServer;

use crate::attribute::{Shop, charge, charge_until_not};
use crate::{claim, id, own};

fn fill(server: &RedisServer) {
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
}

#[tokio::test]
async fn before_the_work_nothing_runs_and_nothing_changes() {
    let Some((server, records)) = own("a full server", &[]).await else { return };
    let shop = Shop::new(records.clone());
    assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);
    fill(&server);
    let refused = charge(shop.clone(), 5, "order-2").await.unwrap_err();
    assert_eq!((refused.code(), shop.runs.so_far()), ("store_full", 1));
    // What there is can be read.
    assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);

    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert_eq!(charge(shop, 5, "order-2").await.unwrap(), 5002);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_work_it_is_recorded_all_the_same() {
    let Some((server, records)) = own("full after the work", &[]).await else { return };
    let shop = Shop::new(records);
    let ended = shop.charge_while("order-1", async || fill(&server)).await;
    assert_eq!(ended.unwrap(), 500_001);
    assert_eq!(charge_until_not(&shop, "order-1", "").await.unwrap(), 500_001);
    assert_eq!(shop.runs.so_far(), 1);
}

/// Every step of one who owns a record, or of an operator, is done.
#[tokio::test]
async fn what_is_there_can_be_ended() {
    let Some((server, records)) = own("ending in a full server", &[]).await else { return };
    let claims = ["extended", "unknown", "known", "released", "removed"].map(claim);
    for claim in &claims {
        records.claim(claim.clone()).await.unwrap();
    }
    fill(&server);
    let [extended, unknown, known, released, removed] = &claims;
    let later = SystemTime::now() + Duration::from_secs(600);
    let happened = || Stored::Value(vec![7; 10_000].into());
    let outcome = Outcome::Known { stored: happened(), expires_at: later };
    assert_eq!(records.extend(&extended.id, extended.token, later).await.unwrap(), Held::Yes);
    assert_eq!(records.complete(&unknown.id, unknown.token, Outcome::Unknown).await.unwrap(), Held::Yes);
    assert_eq!(records.complete(&known.id, known.token, outcome).await.unwrap(), Held::Yes);
    assert_eq!(records.release(&released.id, released.token).await.unwrap(), Held::Yes);
    let seen = removed.record().seen();
    assert_eq!(records.resolve(&removed.id, seen, Resolution::NeverHappened, "test").await.unwrap(), Held::Yes);

    let seen = records.get(&unknown.id).await.unwrap().unwrap().seen();
    let resolution = Resolution::Happened { stored: happened(), expires_at: later };
    assert_eq!(records.resolve(&unknown.id, seen, resolution, "test").await.unwrap(), Held::Yes);
    assert!(records.get(&id("removed")).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_seen_for_the_first_time_is_refused() {
    let Some((server, records)) = own("first seen by a full server", &[]).await else { return };
    let now = SystemTime::now();
    let first = async |id| records.first_seen("webhooks", id, now, now + Duration::from_secs(60)).await;
    assert!(first("evt_1").await.unwrap());
    fill(&server);
    assert!(first("evt_2").await.unwrap_err().is_full());
    assert!(!first("evt_1").await.unwrap());
}
