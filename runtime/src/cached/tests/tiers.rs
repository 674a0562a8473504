use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::advance;

use super::{Fault, TTL};
use crate::Kind;
use crate::cached::{Cache, Found, MemoryTier, SecondTier};

type Names = Cache<String, u32>;
type Reply = Result<u32, Fault>;

const SECOND: Duration = Duration::from_secs(1);

fn names(tier: impl SecondTier) -> Names {
    Cache::new("names", TTL).tier(tier)
}

async fn load(cache: &Names, answer: u32) -> u32 {
    cache.get_or_load("k", || async { Reply::Ok(answer) }).await.unwrap()
}

/// What every tier must do.
async fn conforms(tier: impl SecondTier) {
    let get = async |cache: &str, key: &[u8]| tier.get(cache, key).await.unwrap().map(|found| found.value);
    assert_eq!(get("a", b"k").await, None);
    tier.put("a", b"k", b"1", SECOND * 10).await.unwrap();
    tier.put("b", b"k", b"2", SECOND * 10).await.unwrap();
    assert_eq!((get("a", b"k").await, get("b", b"k").await), (Some(b"1".to_vec()), Some(b"2".to_vec())));
    advance(SECOND * 4).await;
    assert_eq!(tier.get("a", b"k").await.unwrap().unwrap().left, SECOND * 6);
    tier.put("a", b"k", b"3", SECOND * 20).await.unwrap();
    advance(SECOND * 6).await;
    assert_eq!((get("a", b"k").await, get("b", b"k").await), (Some(b"3".to_vec()), None));
    tier.remove("a", b"k").await.unwrap();
    tier.remove("a", b"unknown").await.unwrap();
    assert_eq!(get("a", b"k").await, None);
    tier.put("a", b"k", b"4", SECOND).await.unwrap();
    tier.put("b", b"k", b"5", SECOND).await.unwrap();
    tier.clear("a").await.unwrap();
    assert_eq!((get("a", b"k").await, get("b", b"k").await), (None, Some(b"5".to_vec())));
}

#[tokio::test(start_paused = true)]
async fn the_one_in_memory_conforms() {
    conforms(MemoryTier::new(100)).await;
    assert!(format!("{:?}", MemoryTier::default()).starts_with("MemoryTier"));
}

#[tokio::test(start_paused = true)]
async fn a_miss_finds_what_another_process_loaded() {
    let tier = MemoryTier::default();
    let (one, other) = (names(tier.clone()), names(tier.clone()));
    assert_eq!(load(&one, 1).await, 1);
    advance(SECOND * 60).await;
    assert_eq!((load(&other, 2).await, other.stats().tier_hits, other.stats().loads), (1, 1, 0));
    assert_eq!(other.get("k"), Some(1));
    // For the rest of its life, not for a whole one.
    advance(SECOND * 40).await;
    assert_eq!(other.get("k"), None);
    assert_eq!(load(&other, 2).await, 2);
}

#[tokio::test(start_paused = true)]
async fn failures_are_not_put_there() {
    let tier = MemoryTier::default();
    let cache = names(tier.clone()).negative_ttl(SECOND);
    let failed = cache.get_or_load("k", || async { Reply::Err(Fault(Kind::Terminal)) }).await;
    assert_eq!(failed, Err(Fault(Kind::Terminal)));
    assert_eq!(tier.get("names", b"\"k\"").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn invalidations_and_primings_reach_it() {
    let tier = MemoryTier::default();
    let (one, other) = (names(tier.clone()), names(tier.clone()));
    one.prime("k".to_owned(), 1).await;
    assert_eq!(load(&other, 2).await, 1);
    one.invalidate("k").await;
    // The other process is told by its store.
    assert_eq!(other.get("k"), Some(1));
    other.forget_encoded(b"\"k\"").unwrap();
    assert_eq!(load(&other, 3).await, 3);
    one.clear().await;
    assert_eq!(tier.get("names", b"\"k\"").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_was_invalidated_is_not_put_there() {
    let tier = MemoryTier::default();
    let cache = names(tier.clone());
    let load = cache.get_or_load("k", || async {
        cache.invalidate("k").await;
        Reply::Ok(1)
    });
    assert_eq!(load.await, Ok(1));
    assert_eq!(tier.get("names", b"\"k\"").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_read_is_a_miss() {
    let tier = MemoryTier::default();
    tier.put("names", b"\"k\"", b"\"text\"", TTL).await.unwrap();
    let cache = names(tier);
    assert_eq!((load(&cache, 1).await, cache.stats().tier_failures), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_refreshed_is_no_answer_to_its_refresh() {
    // The jitter is another one each time.
    for _ in 0..200 {
        let cache = names(MemoryTier::default()).refresh_after(SECOND * 50);
        assert_eq!(load(&cache, 1).await, 1);
        advance(SECOND * 51).await;
        assert_eq!(load(&cache, 2).await, 2);
        assert_eq!((load(&cache, 3).await, cache.stats().tier_hits), (2, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_younger_value_of_another_process_answers_a_refresh() {
    let tier = MemoryTier::default();
    let cache = || names(tier.clone()).refresh_after(SECOND * 50);
    let (one, other) = (cache(), cache());
    assert_eq!((load(&one, 1).await, load(&other, 2).await), (1, 1));
    advance(SECOND * 51).await;
    assert_eq!(load(&one, 3).await, 3);
    assert_eq!((load(&other, 4).await, other.stats().loads), (3, 0));
}

/// A tier that does not work.
#[derive(Clone)]
struct Broken {
    hangs: bool,
    asked: Arc<AtomicU32>,
}

#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection lost")
    }
}

impl std::error::Error for Lost {}

impl Broken {
    async fn fail<T>(&self) -> Result<T, Lost> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.hangs {
            pending::<()>().await;
        }
        Err(Lost)
    }
}

impl SecondTier for Broken {
    type Error = Lost;

    async fn get(&self, _: &str, _: &[u8]) -> Result<Option<Found>, Lost> {
        self.fail().await
    }
    async fn put(&self, _: &str, _: &[u8], _: &[u8], _: Duration) -> Result<(), Lost> {
        self.fail().await
    }
    async fn remove(&self, _: &str, _: &[u8]) -> Result<(), Lost> {
        self.fail().await
    }
    async fn clear(&self, _: &str) -> Result<(), Lost> {
        self.fail().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_tier_is_a_miss_within_its_limit() {
    for hangs in [false, true] {
        let broken = Broken { hangs, asked: Arc::default() };
        let cache = names(broken.clone());
        let before = crate::clock::mono();
        assert_eq!(load(&cache, 1).await, 1);
        let took = crate::clock::mono() - before;
        // Once for the question and once for the answer.
        assert!(took <= broken.limit() * 2 + SECOND / 100, "{took:?}");
        assert_eq!((cache.stats().tier_failures, broken.asked.load(Ordering::SeqCst)), (2, 2));
        cache.invalidate("k").await;
        cache.clear().await;
        assert_eq!(cache.stats().tier_failures, 4);
        assert_eq!(load(&cache, 2).await, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_tier_is_asked_once_for_all_who_wait() {
    let broken = Broken { hangs: true, asked: Arc::default() };
    let cache: &'static Names = Box::leak(Box::new(names(broken.clone())));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        calls.spawn(load(cache, 1));
    }
    assert!(calls.join_all().await.into_iter().all(|answer| answer == 1));
    assert_eq!(broken.asked.load(Ordering::SeqCst), 2);
}
