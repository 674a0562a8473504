use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::{Fault, TTL};
use crate::Kind;
use crate::cached::Cache;

type Names = Cache<String, u32>;
type Reply = Result<u32, Fault>;

fn leaked(cache: Names) -> &'static Names {
    Box::leak(Box::new(cache))
}

fn names() -> &'static Names {
    leaked(Cache::new("names", TTL))
}

async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

/// A call whose load waits for its answer.
async fn told(cache: &'static Names) -> (oneshot::Sender<Reply>, JoinHandle<Reply>) {
    let (send, receive) = oneshot::channel();
    let task = tokio::spawn(cache.get_or_load("k", || async { receive.await.unwrap() }));
    settle().await;
    (send, task)
}

/// A call that loads this at once, or joins a load.
async fn ask(cache: &'static Names, answer: u32) -> JoinHandle<Reply> {
    let task = tokio::spawn(cache.get_or_load("k", move || async move { Ok(answer) }));
    settle().await;
    task
}

#[tokio::test(start_paused = true)]
async fn it_is_used_as_a_value() {
    static NAMES: Names = Cache::new("names", TTL);
    static LAZY: LazyLock<Names> = LazyLock::new(|| Cache::new("names", TTL));
    struct Service {
        names: Names,
    }
    let service = Service { names: Cache::new("names", TTL) };
    for cache in [&NAMES, &*LAZY, &service.names] {
        assert_eq!(cache.get("k"), None);
        assert_eq!(cache.get_or_load("k", || async { Reply::Ok(1) }).await, Ok(1));
        assert_eq!(cache.get_or_load(&"k".to_owned(), || async { Reply::Ok(2) }).await, Ok(1));
        cache.invalidate("k").await.unwrap();
        assert_eq!(cache.get("k"), None);
        cache.prime("k".to_owned(), 3).await.unwrap();
        assert_eq!(cache.get("k"), Some(3));
        cache.clear().await.unwrap();
        assert_eq!(cache.get("k"), None);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.loads, stats.entries), (2, 4, 1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn keys_of_several_parts_are_looked_up_borrowed() {
    let cache: Cache<(String, u64, Option<u8>), u32> = Cache::new("names", TTL);
    cache.prime(("a".to_owned(), 7, None), 1).await.unwrap();
    assert_eq!(cache.get(("a", &7, &None)), Some(1));
    assert_eq!(cache.get(&("a".to_owned(), 7, None)), Some(1));
    assert_eq!(cache.get(("a", &8, &None)), None);
    cache.forget(("a", &7, &None));
    assert_eq!(cache.get(("a", &7, &None)), None);
}

#[tokio::test(start_paused = true)]
async fn sixty_four_misses_load_once_and_share_the_error() {
    let cache = names();
    let loads = std::sync::Arc::new(AtomicU64::new(0));
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let loads = loads.clone();
        calls.spawn(cache.get_or_load("k", move || async move {
            loads.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            Reply::Err(Fault(Kind::Transient))
        }));
    }
    assert!(calls.join_all().await.into_iter().all(|answer| answer == Err(Fault(Kind::Transient))));
    let stats = cache.stats();
    assert_eq!((loads.load(Ordering::SeqCst), stats.loads, stats.failed_loads, stats.misses), (1, 1, 1, 64));
    assert_eq!((stats.load_time, stats.entries), (Duration::from_secs(1), 0));
}

/// What an invalidation between a load's begin and its end does, whoever invalidates.
#[tokio::test(start_paused = true)]
async fn a_load_that_began_before_an_invalidation_is_not_kept() {
    let invalidate: [fn(&Names); 4] = [
        |cache| drop(cache.invalidate("k")),
        |cache| drop(cache.clear()),
        |cache| cache.forget("k"),
        |cache| cache.forget_encoded(b"\"k\"").unwrap(),
    ];
    for invalidate in invalidate {
        let cache = names();
        let (send, leader) = told(cache).await;
        let before = ask(cache, 7).await;
        invalidate(cache);
        // Who comes after it does not wait for what began before it.
        assert_eq!(ask(cache, 2).await.await.unwrap(), Ok(2));
        send.send(Ok(1)).unwrap();
        assert_eq!((leader.await.unwrap(), before.await.unwrap()), (Ok(1), Ok(1)));
        assert_eq!(cache.get("k"), Some(2));
        assert_eq!(cache.shelf().flights.count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_began_before_a_priming_does_not_undo_it() {
    let cache = names();
    let (send, leader) = told(cache).await;
    drop(cache.prime("k".to_owned(), 2));
    assert_eq!(ask(cache, 3).await.await.unwrap(), Ok(2));
    send.send(Ok(1)).unwrap();
    assert_eq!((leader.await.unwrap(), cache.get("k")), (Ok(1), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn another_keys_invalidation_changes_nothing() {
    let cache = names();
    let (send, leader) = told(cache).await;
    cache.forget("other");
    send.send(Ok(1)).unwrap();
    assert_eq!((leader.await.unwrap(), cache.get("k")), (Ok(1), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_voided_load_hand_over_too() {
    let cache = names();
    let (_send, leader) = told(cache).await;
    let followers = [ask(cache, 5).await, ask(cache, 6).await];
    cache.forget("k");
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap(), Ok(5));
    }
    // It began after the invalidation, but in a flight of before.
    assert_eq!((cache.get("k"), cache.shelf().flights.count()), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_a_voided_flight_is_shared_too() {
    let cache = names();
    let (send, leader) = told(cache).await;
    let follower = ask(cache, 5).await;
    cache.forget("k");
    send.send(Err(Fault(Kind::Transient))).unwrap();
    assert_eq!(leader.await.unwrap(), Err(Fault(Kind::Transient)));
    assert_eq!(follower.await.unwrap(), Err(Fault(Kind::Transient)));
}

/// A writer that changes the source, invalidates, and from then on must never see the old value,
/// while readers load all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_an_invalidation_nobody_sees_what_was_before() {
    static SOURCE: AtomicU64 = AtomicU64::new(0);
    static DONE: AtomicBool = AtomicBool::new(false);
    static CACHE: Cache<String, u64> = Cache::new("source", TTL);
    let readers: Vec<_> = (0..3)
        .map(|_| {
            tokio::spawn(async {
                while !DONE.load(Ordering::SeqCst) {
                    let load = || async {
                        let read = SOURCE.load(Ordering::SeqCst);
                        yield_now().await;
                        Ok::<_, Fault>(read)
                    };
                    CACHE.get_or_load("k", load).await.unwrap();
                    yield_now().await;
                }
            })
        })
        .collect();
    for version in 1..5_000 {
        SOURCE.store(version, Ordering::SeqCst);
        match version % 3 {
            0 => drop(CACHE.clear()),
            _ => CACHE.forget("k"),
        }
        assert!(CACHE.get("k").is_none_or(|seen| seen >= version));
        let load = || async { Ok::<_, Fault>(SOURCE.load(Ordering::SeqCst)) };
        assert!(CACHE.get_or_load("k", load).await.unwrap() >= version);
    }
    DONE.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(CACHE.shelf().flights.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_definite_no_is_kept_and_get_does_not_see_it() {
    let cache = leaked(Cache::new("names", TTL).negative_ttl(Duration::from_secs(10)));
    let no = Fault(Kind::Terminal);
    let load = || cache.get_or_load("k", || async { Reply::Err(Fault(Kind::Terminal)) });
    assert_eq!((load().await, cache.get("k")), (Err(no.clone()), None));
    assert_eq!(cache.get_or_load("k", || async { Reply::Ok(1) }).await, Err(no));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(cache.get_or_load("k", || async { Reply::Ok(1) }).await, Ok(1));
}

#[test]
fn it_is_send_and_sync() {
    fn send<T: Send + Sync>(_: &T) {}
    let cache = names();
    send(cache);
    send(&cache.get_or_load("k", || async { Reply::Ok(1) }));
    send(&cache.clear());
}
