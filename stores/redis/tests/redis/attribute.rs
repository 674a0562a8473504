//! `#[idempotent]` over a real server.

use std::sync::Arc;
use std::time::Duration;

use steadfast::idempotent;
use steadfast_redis::RedisStore;
use tokio::sync::Notify;

use crate::{PayError, Runs, shared};

/// A function that charges once, and can be stopped half way.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) records: RedisStore,
    pub(crate) runs: Runs,
    /// Told when the work is done and nothing is recorded yet.
    pub(crate) worked: Arc<Notify>,
    /// What it waits for then.
    pub(crate) go_on: Arc<Notify>,
}

impl Shop {
    pub(crate) fn new(records: RedisStore) -> Self {
        Self { records, runs: Runs::default(), worked: Arc::default(), go_on: Arc::default() }
    }

    /// Charges, and does `meanwhile` between the work and its record.
    pub(crate) async fn charge_while(&self, key: &'static str, meanwhile: impl AsyncFnOnce()) -> Result<u32, PayError> {
        let charging = tokio::spawn(charge_in_two(self.clone(), 500, key));
        self.worked.notified().await;
        meanwhile().await;
        self.go_on.notify_one();
        charging.await.unwrap()
    }
}

#[idempotent(name = "redis.charge", key = key, payload = amount, store = shop.records)]
pub(crate) async fn charge(shop: Shop, amount: u32, key: &'static str) -> Result<u32, PayError> {
    match amount {
        0 => Err(PayError::Declined { code: "nothing".into() }),
        _ => Ok(amount * 1000 + shop.runs.one_more()),
    }
}

#[idempotent(name = "redis.charge_in_two", key = key, payload = amount, store = shop.records, lease = "2s")]
async fn charge_in_two(shop: Shop, amount: u32, key: &'static str) -> Result<u32, PayError> {
    let charged = amount * 1000 + shop.runs.one_more();
    shop.worked.notify_one();
    shop.go_on.notified().await;
    Ok(charged)
}

/// Asks until there is another answer than `code`.
pub(crate) async fn charge_until_not(shop: &Shop, key: &'static str, code: &str) -> Result<u32, PayError> {
    loop {
        match charge_in_two(shop.clone(), 500, key).await {
            Err(error) if error.code() == code => tokio::time::sleep(Duration::from_millis(50)).await,
            answer => return answer,
        }
    }
}

#[tokio::test]
async fn a_value_and_a_terminal_error_are_replayed_and_another_payload_is_a_conflict() {
    let Some((_part, records)) = shared("replays").await else { return };
    let shop = Shop::new(records);
    for _ in 0..3 {
        assert_eq!(charge(shop.clone(), 5, "order-1").await.unwrap(), 5001);
        let declined = charge(shop.clone(), 0, "order-2").await.unwrap_err();
        assert_eq!(declined.to_string(), "declined: nothing");
    }
    assert_eq!(charge(shop.clone(), 6, "order-1").await.unwrap_err().code(), "payload_conflict");
    assert_eq!(shop.runs.so_far(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_concurrent_calls_run_once() {
    let Some((_part, records)) = shared("one run").await else { return };
    let shop = Shop::new(records);
    let charged = shop
        .charge_while("order-1", async || {
            let mut all = tokio::task::JoinSet::new();
            for _ in 0..100 {
                all.spawn(charge_in_two(shop.clone(), 500, "order-1"));
            }
            assert!(all.join_all().await.into_iter().all(|answer| answer.is_err_and(|it| it.code() == "in_flight")));
        })
        .await;
    assert_eq!((charged.unwrap(), shop.runs.so_far()), (500_001, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_while_the_body_runs() {
    let Some((_part, records)) = shared("renewal").await else { return };
    let shop = Shop::new(records);
    let charged = shop
        .charge_while("order-1", async || {
            tokio::time::sleep(Duration::from_secs(3)).await; // longer than the lease
            assert_eq!(charge_in_two(shop.clone(), 500, "order-1").await.unwrap_err().code(), "in_flight");
        })
        .await;
    assert_eq!(charged.unwrap(), 500_001);
}
