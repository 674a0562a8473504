//! A node of a cluster refuses a step on keys that need not lie on one node.

use std::time::{Duration, SystemTime};

use steadfast::first_seen::FirstSeen;
use steadfast::idempotent::{Held, Outcome, Resolution, Store, Stored, Token};
use steadfast_payments::fraud::{PaymentId, VelocityCounts, VelocityKey};
use steadfast_payments::saga::{Claimed as SagaClaimed, NewClaim as SagaClaim, NewEntry, SagaId, SagaLog, Then, Which};
use steadfast_redis::{Redis, RedisStore};

use crate::attribute::{Shop, charge};
use crate::{claim, store};

async fn node() -> Option<(steadfast_servers::RedisServer, RedisStore)> {
    let server = steadfast_servers::redis_server("keys of a cluster", &[("cluster-enabled", "yes")])?;
    let slots: Vec<String> = (0..16_384).map(|slot| slot.to_string()).collect();
    let command: Vec<&str> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
    server.command(&command).unwrap();
    while !server.command(&["CLUSTER", "INFO"]).unwrap().iter().any(|it| it.contains("cluster_state:ok")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let records = store(&server.url()).await;
    records.init().await.unwrap();
    Some((server, records))
}

#[tokio::test]
async fn every_step_stays_on_one_node() {
    let Some((server, records)) = node().await else { return };
    // It is a cluster that looks: keys of two buckets are refused.
    let refused = server.command(&["MGET", "steadfast:{00}:sentinel", "steadfast:{01}:sentinel"]).unwrap_err();
    assert!(refused.to_string().contains("CROSSSLOT"), "{refused}");

    let shop = Shop::new(records.clone());
    for key in ["a", "{b}", "}{c", "d{}"] {
        assert_eq!(charge(shop.clone(), 5, key).await.unwrap(), 5000 + shop.runs.so_far());
    }
    let (now, minute) = (SystemTime::now(), Duration::from_secs(60));
    for key in ["e", "{f}"] {
        let claim = claim(key);
        Store::claim(&records, claim.clone()).await.unwrap();
        assert_eq!(records.extend(&claim.id, claim.token, now).await.unwrap(), Held::Yes);
        assert_eq!(records.complete(&claim.id, claim.token, Outcome::Unknown).await.unwrap(), Held::Yes);
        assert!(records.first_seen("{space}", key, now, now + minute).await.unwrap());
    }
    let unknowns = records.unknowns(now, None, 10).await.unwrap();
    assert_eq!(unknowns.len(), 2);
    let stored = Stored::Value(b"1".as_slice().into());
    for ((id, record), resolution) in
        unknowns.into_iter().zip([Resolution::NeverHappened, Resolution::Happened { stored, expires_at: now + minute }])
    {
        assert_eq!(records.resolve(&id, record.seen(), resolution, "test").await.unwrap(), Held::Yes);
    }

    let redis = Redis::connect(&server.url()).await.unwrap();
    let values: Vec<_> = (0..20).map(|value| format!("{{{value}}}")).collect();
    let keys: Vec<_> = values.iter().map(|value| VelocityKey::new("{engine}", "{rule}", value, minute)).collect();
    for (payment, expected) in [("{1}", 1), ("}2{", 2), ("{1}", 2)] {
        assert_eq!(redis.count(PaymentId::of(payment), &keys).await.unwrap(), [expected; 20]);
    }

    for id in ["{saga}", "}a{", "b"] {
        saga(&records, id).await;
    }
}

async fn saga(log: &RedisStore, id: &str) {
    let now = SystemTime::now();
    let (id, entry) = (SagaId::new("{checkout}", id).unwrap(), || b"{}".to_vec());
    let mut claim = SagaClaim { id, token: Token::random(), lease_until: now, entry: entry(), take_over: None };
    assert!(matches!(SagaLog::claim(log, claim.clone()).await.unwrap(), SagaClaimed::Won));
    assert_eq!(SagaLog::renew(log, &claim.id, claim.token, now).await.unwrap(), Held::Yes);
    let which = [Which::Abandoned { now }, Which::Stuck];
    for (seq, then, which) in [(1, Then::GoesOn, which[0]), (2, Then::Stuck, which[1])] {
        assert_eq!(
            log.append(&claim.id, claim.token, NewEntry { seq, entry: entry(), then }).await.unwrap(),
            Held::Yes
        );
        assert_eq!(log.list(claim.id.saga(), which, None, 10).await.unwrap(), [claim.id.clone()]);
    }
    claim.take_over = log.load(&claim.id).await.unwrap().map(|record| record.seen());
    assert!(matches!(SagaLog::claim(log, claim.clone()).await.unwrap(), SagaClaimed::Won));
    let ends = NewEntry { seq: 4, entry: entry(), then: Then::Ended { at: now } };
    assert_eq!(log.append(&claim.id, claim.token, ends).await.unwrap(), Held::Yes);
    assert_eq!(log.purge(now + Duration::from_secs(60), 10).await.unwrap(), 1);
}
