use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::time::advance;

use super::{Fault, TTL};
use crate::Kind;
use crate::cached::when_down::{Refuse, Run, WhenDown};
use crate::cached::{Asked, Cache, Invalidations, Listeners, MemoryTier, Origin, SecondTier, Ticket};
use crate::{Failure, Reason, Rejection, Signal};

type Names<D = Run> = Cache<String, u32, D>;
type Reply = Result<u32, Fault>;

const SECOND: Duration = Duration::from_secs(1);

fn names<T: SecondTier>(tier: T) -> Names<T::WhenDown> {
    Cache::new("names", TTL).tier(tier)
}

async fn load(cache: &Names, answer: u32) -> u32 {
    cache.get_or_load("k", || async { Reply::Ok(answer) }).await.unwrap()
}

/// What every tier must do.
async fn conforms(tier: impl SecondTier) {
    let by = Origin::from_u64(1);
    let get = async |cache: &str, key: &[u8]| tier.get(cache, key).await.unwrap();
    let value = async |cache: &str, key: &[u8]| get(cache, key).await.found.map(|found| found.value);
    let put = async |cache: &str, text: &[u8], ttl| {
        let ticket = get(cache, b"k").await.ticket;
        tier.put(cache, b"k", text, ttl, &ticket).await.unwrap();
    };
    assert_eq!(value("a", b"k").await, None);
    put("a", b"1", SECOND * 10).await;
    put("b", b"2", SECOND * 10).await;
    assert_eq!((value("a", b"k").await, value("b", b"k").await), (Some(b"1".to_vec()), Some(b"2".to_vec())));
    advance(SECOND * 4).await;
    assert_eq!(get("a", b"k").await.found.unwrap().left, SECOND * 6);
    put("a", b"3", SECOND * 20).await;
    advance(SECOND * 6).await;
    assert_eq!((value("a", b"k").await, value("b", b"k").await), (Some(b"3".to_vec()), None));
    tier.remove("a", b"k", by).await.unwrap();
    tier.remove("a", b"unknown", by).await.unwrap();
    assert_eq!(value("a", b"k").await, None);
    put("a", b"4", SECOND).await;
    put("b", b"5", SECOND).await;
    tier.clear("a", by).await.unwrap();
    assert_eq!((value("a", b"k").await, value("b", b"k").await), (None, Some(b"5".to_vec())));
    tier.replace("a", b"k", b"6", SECOND, by).await.unwrap();
    assert_eq!(value("a", b"k").await, Some(b"6".to_vec()));

    // Whatever changed the key since, what is late is left out.
    for change in 0..3 {
        let late = get("a", b"k").await.ticket;
        match change {
            0 => tier.remove("a", b"k", by).await.unwrap(),
            1 => tier.clear("a", by).await.unwrap(),
            _ => tier.replace("a", b"k", b"new", SECOND, by).await.unwrap(),
        }
        let before = value("a", b"k").await;
        tier.put("a", b"k", b"old", SECOND, &late).await.unwrap();
        assert_eq!(value("a", b"k").await, before, "{change}");
    }
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
    assert_eq!(tier.get("names", b"\"k\"").await.unwrap().found, None);
}

#[tokio::test(start_paused = true)]
async fn invalidations_and_primings_reach_it() {
    let tier = MemoryTier::default();
    let (one, other) = (names(tier.clone()), names(tier.clone()));
    one.prime("k".to_owned(), 1).await.unwrap();
    assert_eq!((load(&other, 2).await, one.get("k")), (1, Some(1)));
    one.invalidate("k").await.unwrap();
    assert_eq!((one.get("k"), other.get("k")), (None, None));
    assert_eq!((load(&other, 3).await, load(&one, 4).await), (3, 3));
    one.prime("k".to_owned(), 5).await.unwrap();
    assert_eq!((one.get("k"), other.get("k"), load(&other, 6).await), (Some(5), None, 5));
    one.clear().await.unwrap();
    assert_eq!(other.get("k"), None);
    assert_eq!(tier.get("names", b"\"k\"").await.unwrap().found, None);
}

/// The load began here, the invalidation is another process's.
#[tokio::test(start_paused = true)]
async fn a_load_that_began_before_an_invalidation_elsewhere_is_kept_nowhere() {
    let tell: [fn(Names) -> crate::cached::Told; 2] = [|names| names.invalidate("k"), |names| names.clear()];
    for tell in tell {
        let tier = MemoryTier::default();
        let (one, other) = (names(tier.clone()), names(tier.clone()));
        let load = other.get_or_load("k", || async {
            tell(one).await.unwrap();
            Reply::Ok(1)
        });
        assert_eq!(load.await, Ok(1));
        assert_eq!(other.get("k"), None);
        assert_eq!(tier.get("names", b"\"k\"").await.unwrap().found, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tier_keeps_no_cache_alive_and_knows_each_once() {
    #[derive(Clone, Default)]
    struct Listening(MemoryTier, Arc<Listeners>);

    impl SecondTier for Listening {
        type Error = std::convert::Infallible;
        type WhenDown = Run;

        async fn get(&self, cache: &str, key: &[u8]) -> Result<Asked, Self::Error> {
            self.0.get(cache, key).await
        }
        async fn put(&self, _: &str, _: &[u8], _: &[u8], _: Duration, _: &Ticket) -> Result<(), Self::Error> {
            Ok(())
        }
        async fn replace(&self, _: &str, _: &[u8], _: &[u8], _: Duration, _: Origin) -> Result<(), Self::Error> {
            Ok(())
        }
        async fn remove(&self, _: &str, _: &[u8], _: Origin) -> Result<(), Self::Error> {
            Ok(())
        }
        async fn clear(&self, _: &str, _: Origin) -> Result<(), Self::Error> {
            Ok(())
        }
        fn listen(&self, cache: &'static str, to: Invalidations) {
            self.1.add(cache, to);
        }
    }
    let tier = Listening::default();
    let (one, other) = (names(tier.clone()), names(tier.clone()));
    for key in ["a", "b"] {
        for cache in [&one, &other] {
            cache.get_or_load(key, || async { Reply::Ok(1) }).await.unwrap();
        }
    }
    assert_eq!(tier.1.count(), 2);
    drop(one);
    assert_eq!(tier.1.count(), 1);

    let elsewhere = Origin::from_u64(1);
    tier.1.forget("others", br#""a""#, elsewhere);
    assert_eq!((other.get("a"), other.get("b")), (Some(1), Some(1)));
    tier.1.forget("names", br#""a""#, elsewhere);
    assert_eq!((other.get("a"), other.get("b")), (None, Some(1)));
    // What does not read may mean any key.
    tier.1.forget("names", b"7", elsewhere);
    assert_eq!(other.get("b"), None);
    other.get_or_load("a", || async { Reply::Ok(1) }).await.unwrap();
    tier.1.forget_everything();
    assert_eq!(other.get("a"), None);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_was_invalidated_is_not_put_there() {
    let tier = MemoryTier::default();
    let cache = names(tier.clone());
    let load = cache.get_or_load("k", || async {
        cache.invalidate("k").await.unwrap();
        Reply::Ok(1)
    });
    assert_eq!(load.await, Ok(1));
    assert_eq!(tier.get("names", b"\"k\"").await.unwrap().found, None);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_read_is_a_miss() {
    let tier = MemoryTier::default();
    tier.replace("names", b"\"k\"", b"\"text\"", TTL, Origin::from_u64(1)).await.unwrap();
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
#[derive(Clone, Default)]
struct Broken<D> {
    hangs: bool,
    asked: Arc<AtomicU32>,
    #[expect(dead_code, reason = "it is for its type")]
    when_down: D,
}

#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection lost")
    }
}

impl std::error::Error for Lost {}

impl<D> Broken<D> {
    async fn fail<T>(&self) -> Result<T, Lost> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.hangs {
            pending::<()>().await;
        }
        Err(Lost)
    }
}

impl<D: WhenDown + Clone> SecondTier for Broken<D> {
    type Error = Lost;
    type WhenDown = D;

    async fn get(&self, _: &str, _: &[u8]) -> Result<Asked, Lost> {
        self.fail().await
    }
    async fn put(&self, _: &str, _: &[u8], _: &[u8], _: Duration, _: &Ticket) -> Result<(), Lost> {
        self.fail().await
    }
    async fn replace(&self, _: &str, _: &[u8], _: &[u8], _: Duration, _: Origin) -> Result<(), Lost> {
        self.fail().await
    }
    async fn remove(&self, _: &str, _: &[u8], _: Origin) -> Result<(), Lost> {
        self.fail().await
    }
    async fn clear(&self, _: &str, _: Origin) -> Result<(), Lost> {
        self.fail().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_tier_is_a_miss_within_its_limit() {
    for hangs in [false, true] {
        let broken = Broken { hangs, ..Broken::<Run>::default() };
        let cache = names(broken.clone());
        let before = crate::clock::mono();
        assert_eq!(load(&cache, 1).await, 1);
        let took = crate::clock::mono() - before;
        // Whoever does not answer the question is not told the answer.
        assert!(took <= broken.limit() + SECOND / 100, "{took:?}");
        assert_eq!((cache.stats().tier_failures, broken.asked.load(Ordering::SeqCst)), (1, 1));
        assert_eq!(cache.get("k"), Some(1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_the_tier_did_not_hear_of_is_told() {
    for hangs in [false, true] {
        let cache = names(Broken { hangs, ..Broken::<Run>::default() });
        assert_eq!(load(&cache, 1).await, 1);
        let error = cache.invalidate("k").await.unwrap_err();
        let why = if hangs { "no answer within 250ms" } else { "connection lost" };
        assert!(error.to_string().ends_with(why), "{error}");
        assert_eq!((error.cache(), cache.get("k")), ("names", None));
        cache.clear().await.unwrap_err();
        cache.prime("k".to_owned(), 2).await.unwrap_err();
        assert_eq!((cache.get("k"), cache.stats().tier_failures), (Some(2), 4));
    }
}

/// An error that can carry a refusal.
#[derive(Clone, Debug)]
enum Trouble {
    Down,
    Refused(Rejection),
}

impl Failure for Trouble {
    fn kind(&self) -> Kind {
        match self {
            Self::Down => Kind::Transient,
            Self::Refused(rejection) => Failure::kind(rejection),
        }
    }
}

impl From<Rejection> for Trouble {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

async fn ask(cache: &Names<Refuse>, runs: &AtomicU32, reply: Result<u32, Trouble>) -> Result<u32, Trouble> {
    let run = || async {
        runs.fetch_add(1, Ordering::SeqCst);
        reply
    };
    cache.get_or_load("k", run).await
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_refuses_protects_the_origin() {
    for hangs in [false, true] {
        let cache = names(Broken { hangs, ..Broken::<Refuse>::default() });
        let runs = AtomicU32::new(0);
        let calls = (0..8).map(|_| ask(&cache, &runs, Ok(1)));
        for refused in futures(calls).await {
            let Err(Trouble::Refused(refused)) = refused else { panic!("{refused:?}") };
            assert_eq!((refused.code(), refused.status()), ("shared_state_unavailable", 503));
            assert_eq!((refused.layer(), refused.name()), (crate::Layer::Cached, "names"));
            assert!(matches!(refused.reason(), Reason::SharedStateUnavailable(_)));
            assert_eq!(refused.signal(), Signal { kind: Kind::Refused, retry_after: None });
        }
        assert_eq!((runs.load(Ordering::SeqCst), cache.stats().loads), (0, 0));
        // What is here is handed out all the same.
        cache.prime("k".to_owned(), 2).await.unwrap_err();
        assert_eq!(ask(&cache, &runs, Ok(1)).await.unwrap(), 2);
    }
}

/// Polls all of them side by side.
async fn futures<F: Future>(calls: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut calls: Vec<_> = calls.map(|call| Box::pin(tokio::task::unconstrained(call))).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(|cx| {
        calls.retain_mut(|call| match call.as_mut().poll(cx) {
            Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            Poll::Pending => true,
        });
        if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers
}

#[tokio::test(start_paused = true)]
async fn an_old_value_stands_in_for_a_refusal() {
    let broken = Broken::<Refuse>::default();
    let refreshed = names(broken.clone()).refresh_after(SECOND * 50);
    let stale = names(broken).stale_if_error(SECOND * 100);
    let runs = AtomicU32::new(0);
    for cache in [&refreshed, &stale] {
        cache.prime("k".to_owned(), 1).await.unwrap_err();
    }
    advance(SECOND * 51).await;
    assert_eq!(ask(&refreshed, &runs, Ok(2)).await.unwrap(), 1);
    advance(SECOND * 50).await;
    assert!(matches!(ask(&refreshed, &runs, Err(Trouble::Down)).await, Err(Trouble::Refused(_))));
    assert_eq!(ask(&stale, &runs, Ok(2)).await.unwrap(), 1);
    assert_eq!((runs.load(Ordering::SeqCst), stale.stats().stood_in), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_tier_is_asked_once_for_all_who_wait() {
    let broken = Broken { hangs: true, ..Broken::<Run>::default() };
    let cache: &'static Names = Box::leak(Box::new(names(broken.clone())));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        calls.spawn(load(cache, 1));
    }
    assert!(calls.join_all().await.into_iter().all(|answer| answer == 1));
    assert_eq!(broken.asked.load(Ordering::SeqCst), 1);
}
