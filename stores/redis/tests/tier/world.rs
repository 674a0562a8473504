//! Processes that share a server, and what they do.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast::Rejection;
use steadfast::cached::when_down::{Run, WhenDown};
use steadfast::cached::{Cache, SecondTier};
use steadfast_redis::{RedisOptions, RedisTier};
use steadfast_servers::RedisServer;

pub(crate) const TTL: Duration = Duration::from_secs(100);

pub(crate) type Names<D = Run> = Cache<String, u32, D>;

/// A server of the test's own.
pub(crate) fn server(what: &str) -> Option<RedisServer> {
    steadfast_servers::redis_server(what, &[])
}

pub(crate) async fn tier<D: WhenDown>(url: &str, when_down: D) -> RedisTier<D> {
    let redis = RedisOptions::new().timeout(Duration::from_secs(2)).connect(url).await.unwrap();
    RedisTier::new(&redis, when_down)
}

/// A process: a connection, a tier and a cache of its own.
pub(crate) async fn process<D: WhenDown>(url: &str, when_down: D) -> Names<D> {
    names(tier(url, when_down).await)
}

pub(crate) fn names<T: SecondTier>(tier: T) -> Names<T::WhenDown> {
    Cache::new("names", TTL).tier(tier)
}

/// Counts the runs of a function.
#[derive(Default)]
pub(crate) struct Runs(AtomicU32);

impl Runs {
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) async fn run(&self, value: u32) -> Result<u32, Rejection> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(value)
    }
}

/// Asks, with a function that returns this value.
pub(crate) async fn ask<D>(cache: &Names<D>, key: &str, value: u32) -> Result<u32, Rejection>
where
    D: WhenDown,
    Result<u32, Rejection>: steadfast::__rt::Carries<D::Refusal>,
{
    cache.get_or_load(key, || async { Ok::<_, Rejection>(value) }).await
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came about: {what}");
}

/// Waits until `cache` hears what `other` invalidates.
pub(crate) async fn listens(cache: &Names, other: &Names) {
    until("it listens", async || {
        ask(cache, "probe", 1).await.unwrap();
        other.invalidate("probe").await.unwrap();
        for _ in 0..5 {
            if cache.get("probe").is_none() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        false
    })
    .await;
}

pub(crate) async fn gone(cache: &Names, key: &str) {
    until("it is gone here", async || cache.get(key).is_none()).await;
}
