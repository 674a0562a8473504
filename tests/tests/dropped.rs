//! A stack that is dropped at every point where it waits: no permit, no place in a line and no
//! claim is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use steadfast::bulkhead::Bulkhead;
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::rate_limit::RateLimiter;
use steadfast::{
    bulkhead, cached, circuit_breaker, fallback, idempotent, logged, rate_limit, retry, timed, timeout, validate,
};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply, TestStore};
use tokio::task::yield_now;
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const PERIOD: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct App {
    gateway: Gateway,
    records: TestStore,
    limiter: Arc<RateLimiter>,
    breaker: Arc<CircuitBreaker>,
    places: Arc<Bulkhead>,
}

impl App {
    /// The limiter has one place, taken a moment ago; the circuit is about to let its one probe
    /// through; the store takes its time. The probe fails, the circuit opens and is waited for,
    /// then the call succeeds after a while.
    async fn under_strain() -> Self {
        let app = Self {
            gateway: Gateway::of([Reply::FailAfter(SECOND, PayError::Down), Reply::After(SECOND)]),
            records: TestStore::slow(),
            limiter: Arc::new(RateLimiter::window("limiter", 1, PERIOD).max_wait(PERIOD)),
            breaker: Arc::new(CircuitBreaker::new("breaker").failure_threshold(1).recovery_timeout(5 * SECOND)),
            places: Arc::new(Bulkhead::new("places", 1).max_wait(PERIOD)),
        };
        assert!(take(&app.limiter).await.is_ok());
        assert_eq!(probe(&app.breaker, Err(PayError::Down)).await.code(), "down");
        advance(5 * SECOND).await;
        app
    }

    /// Nothing of the shared ones is held by a call that is gone.
    async fn assert_free(&self) {
        sleep(PERIOD).await;
        assert!(self.places.try_acquire().is_ok(), "the bulkhead's place is lost");
        assert!(take(&self.limiter).await.is_ok(), "the limiter's place is lost");
        let mut line = Hand::new(take(&self.limiter));
        line.poll_pending();
        advance(PERIOD).await;
        assert!(line.poll().is_ready(), "somebody stands in the line who is gone");
        assert_eq!(probe(&self.breaker, Ok(())).await.code(), "ok", "the probe's permit is lost");
        assert_eq!(self.breaker.state(), BreakerState::Closed);
    }
}

#[rate_limit(limiter)]
async fn take(limiter: &RateLimiter) -> Result<(), PayError> {
    Ok(())
}

#[circuit_breaker(breaker)]
async fn probe(breaker: &CircuitBreaker, answer: Result<(), PayError>) -> Result<(), PayError> {
    answer
}

/// Polls a call so many times, while time goes by, and drops it. Whether it ended before.
async fn cut<F: Future>(call: F, polls: usize) -> bool {
    let mut call = Hand::new(call);
    for _ in 0..polls {
        if call.poll().is_ready() {
            return true;
        }
        advance(Duration::from_millis(500)).await;
        yield_now().await;
    }
    false
}

/// Cuts the calls of a function later and later, until one ends before it is cut. `after` looks at
/// what each left, and gives it a name. The names, and how many cuts it took.
async fn at_every_point<F, A>(call: impl Fn(App) -> F, after: impl Fn(App) -> A) -> (BTreeSet<&'static str>, usize)
where
    F: Future<Output = Result<Receipt, PayError>>,
    A: Future<Output = &'static str>,
{
    let mut left = BTreeSet::new();
    for polls in 0..1000 {
        let app = App::under_strain().await;
        let ended = cut(call(app.clone()), polls).await;
        // Whatever runs on has time to end, and leases to run out.
        sleep(30 * PERIOD).await;
        left.insert(after(app.clone()).await);
        app.assert_free().await;
        if ended {
            return (left, polls);
        }
    }
    panic!("it never ends")
}

mod under_finish {
    use super::*;

    #[logged]
    #[timed]
    #[validate(!key.is_empty() => "must not be empty")]
    #[idempotent(name = "finish", key = key, payload = none, store = app.records, claim = claim)]
    #[rate_limit(app.limiter)]
    #[retry(max_attempts = 3, delay = "1s", repeatable = claim)]
    #[circuit_breaker(app.breaker)]
    #[timeout("10s")]
    async fn charge(app: App, key: &'static str) -> Result<Receipt, PayError> {
        app.gateway.call(1, claim.downstream_key()).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_key_is_free_or_the_work_was_done() {
        let (left, cuts) = at_every_point(
            |app| charge(app, "k"),
            async |app: App| {
                let state = app.records.state("finish", "k").await;
                let calls = app.gateway.calls();
                match state {
                    "value" => {
                        assert_eq!(charge(app.clone(), "k").await.unwrap().number, 2);
                        assert_eq!((calls, app.gateway.calls()), (2, 2));
                    }
                    "free" => {
                        assert_eq!(calls, 0);
                        assert!(charge(app.clone(), "k").await.is_ok());
                    }
                    other => panic!("{other} after {calls} calls"),
                }
                state
            },
        )
        .await;
        assert_eq!(left, BTreeSet::from(["free", "value"]));
        assert!(cuts > 10, "{cuts}");
    }
}

mod under_unknown {
    use super::*;

    #[logged]
    #[timed]
    #[idempotent(name = "unknown", key = key, payload = none, store = app.records, claim = claim, on_cancel = unknown)]
    #[rate_limit(app.limiter)]
    #[retry(max_attempts = 3, delay = "1s", repeatable = claim)]
    #[circuit_breaker(app.breaker)]
    #[timeout("10s")]
    async fn charge(app: App, key: &str) -> Result<Receipt, PayError> {
        app.gateway.call(1, claim.downstream_key()).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_key_is_free_unknown_or_has_the_value() {
        let (left, cuts) = at_every_point(
            |app| charge(app, "k"),
            async |app: App| {
                let state = app.records.state("unknown", "k").await;
                let calls = app.gateway.calls();
                let again = charge(app.clone(), "k").await;
                match state {
                    "value" => assert_eq!((again.unwrap().number, app.gateway.calls()), (2, 2)),
                    "unknown" => assert_eq!((again.code(), app.gateway.calls()), ("outcome_unknown", calls)),
                    "free" => assert_eq!((again.code(), calls), ("ok", 0)),
                    other => panic!("{other} after {calls} calls"),
                }
                state
            },
        )
        .await;
        assert_eq!(left, BTreeSet::from(["free", "unknown", "value"]));
        assert!(cuts > 10, "{cuts}");
    }
}

mod without_a_record {
    use super::*;

    #[timeout("10m")]
    #[rate_limit(app.limiter)]
    #[retry(max_attempts = 3, delay = "1s")]
    #[logged]
    #[circuit_breaker(app.breaker)]
    #[timed]
    async fn call(app: App) -> Result<Receipt, PayError> {
        app.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_held() {
        let (_, cuts) = at_every_point(call, async |_| "").await;
        assert!(cuts > 10, "{cuts}");
    }

    #[retry(max_attempts = 3, delays = ["70s"], jitter = none, max_elapsed = "10m")]
    #[circuit_breaker(app.breaker)]
    #[rate_limit(app.limiter)]
    async fn other_way_round(app: App) -> Result<Receipt, PayError> {
        app.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn nor_with_the_breaker_above_the_limiter() {
        let (_, cuts) = at_every_point(other_way_round, async |_| "").await;
        assert!(cuts > 10, "{cuts}");
    }
}

mod in_a_line {
    use super::*;

    #[fallback({ sleep(SECOND).await; Err(PayError::declined("by the fallback")) })]
    #[rate_limit(app.limiter)]
    #[retry(max_attempts = 3, delay = "1s")]
    #[circuit_breaker(app.breaker)]
    #[bulkhead(app.places)]
    async fn call(app: App) -> Result<Receipt, PayError> {
        app.gateway.call(1, "").await
    }

    /// Somebody holds the place for a while, so that the call waits for it.
    async fn behind_another(app: App) -> Result<Receipt, PayError> {
        let places = app.places.clone();
        let hold = async {
            let _permit = places.acquire().await.unwrap();
            sleep(70 * SECOND).await;
        };
        tokio::join!(hold, call(app)).1
    }

    #[tokio::test(start_paused = true)]
    async fn no_place_is_lost() {
        let (_, cuts) = at_every_point(behind_another, async |_| "").await;
        assert!(cuts > 10, "{cuts}");
    }

    #[fallback({ sleep(3 * SECOND).await; app.gateway.call(2, "").await })]
    #[bulkhead(app.places)]
    async fn twice(app: App) -> Result<Receipt, PayError> {
        app.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn nor_while_something_stands_in() {
        let (_, cuts) = at_every_point(twice, async |_| "").await;
        assert!(cuts > 5, "{cuts}");
    }
}

mod under_a_cache {
    use super::*;

    #[cached(ttl = "1h", key = key)]
    #[rate_limit(app.limiter)]
    #[retry(max_attempts = 3, delay = "1s")]
    #[circuit_breaker(app.breaker)]
    async fn load(app: App, key: u64) -> Result<Receipt, PayError> {
        app.gateway.call(1, "").await
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_one_loads_or_finds_it() {
        use std::sync::atomic::{AtomicU64, Ordering};
        let next = AtomicU64::new(0);
        let (left, cuts) = at_every_point(
            |app| load(app, next.fetch_add(1, Ordering::SeqCst)),
            async |app: App| {
                let calls = app.gateway.calls();
                let key = next.load(Ordering::SeqCst) - 1;
                let found = tokio::time::timeout(100 * PERIOD, load(app.clone(), key)).await;
                let found = found.expect("it waits for a call that is gone");
                assert!(found.is_ok());
                match app.gateway.calls() - calls {
                    0 => "found",
                    _ => "loaded",
                }
            },
        )
        .await;
        // It is loaded again unless the cut call had ended, which is the last one.
        assert_eq!(left.last(), Some(&"loaded"));
        assert!(cuts > 10, "{cuts}");
    }
}
