//! Work whose caller has gone, and a program that stops. A binary of its own: what runs on is
//! counted for the whole program.

use std::time::Duration;

use steadfast::idempotent::MemoryStore;
use steadfast::{Rejection, drain, idempotent};
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[idempotent(name = "drain.settle", key = key, payload = none, store = store)]
async fn settle(store: MemoryStore, key: String, takes: Duration) -> Result<u32, Rejection> {
    sleep(takes).await;
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn a_stopping_program_waits_for_what_runs_on_and_no_longer_than_it_may() {
    assert_eq!(drain(SECOND).await, 0, "nothing runs");

    let store = MemoryStore::default();
    let call = |key: &str, takes| settle(store.clone(), key.to_owned(), takes);
    for (key, seconds) in [("a", 3), ("b", 5)] {
        assert!(timeout(SECOND, call(key, SECOND * seconds)).await.is_err(), "the caller goes away");
    }
    let begun = tokio::time::Instant::now();
    assert_eq!(drain(SECOND * 2).await, 1, "one is done, the other takes longer");
    assert_eq!(begun.elapsed(), SECOND * 2);
    assert_eq!(drain(SECOND * 60).await, 0);
    assert_eq!(begun.elapsed(), SECOND * 4, "no longer than it takes");
    for key in ["a", "b"] {
        assert_eq!(call(key, Duration::ZERO).await.unwrap(), 7, "recorded");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_caller_stays_is_not_waited_for() {
    let store = MemoryStore::default();
    let call = tokio::spawn(settle(store, "c".to_owned(), SECOND));
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    let _ = drain(Duration::ZERO).await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(call.await.unwrap().unwrap(), 7);
}
