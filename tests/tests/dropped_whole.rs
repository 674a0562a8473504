//! A stack of the whole family that is dropped at every point where it waits, as in `dropped.rs`:
//! nothing that it took of what others share is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use steadfast::bulkhead::Bulkhead;
use steadfast::cached::Cache;
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::retry::RetryBudget;
use steadfast::{
    bulkhead, cached, circuit_breaker, fallback, idempotent, logged, rate_limit, retry, timed, timeout, validate,
};
use steadfast_tests::{Code, Gateway, Hand, PayError, Receipt, Reply, TestStore};
use tokio::task::yield_now;
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const PERIOD: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
const KEY: &str = "k";
const FAIL: Reply = Reply::FailAfter(SECOND, PayError::Down);

#[derive(Clone)]
struct App {
    gateway: Gateway,
    records: TestStore,
    tenant: Arc<RateLimiter>,
    limiter: Arc<RateLimiter>,
    budget: Arc<RetryBudget>,
    breakers: Arc<Keyed<String, CircuitBreaker>>,
    by_rate: Arc<CircuitBreaker>,
    places: Arc<Bulkhead>,
    rates: Arc<Cache<String, Receipt>>,
}

impl App {
    fn new() -> Self {
        let breaker = CircuitBreaker::new("of the key").failure_threshold(1).recovery_timeout(5 * SECOND);
        let by_rate = CircuitBreaker::new("by rate").failure_rate(0.5).minimum_calls(1).recovery_timeout(5 * SECOND);
        Self {
            gateway: Gateway::default(),
            records: TestStore::slow(),
            tenant: Arc::new(RateLimiter::window("tenant", 1, DAY)),
            limiter: Arc::new(RateLimiter::window("limiter", 1, PERIOD).max_wait(PERIOD)),
            budget: Arc::new(RetryBudget::new("budget").ratio(0.0).min_per_second(1)),
            breakers: Arc::new(Keyed::new(breaker)),
            by_rate: Arc::new(by_rate),
            places: Arc::new(Bulkhead::new("places", 1).max_wait(PERIOD)),
            rates: Arc::new(Cache::new("rates", 10 * 60 * PERIOD).refresh_after(PERIOD)),
        }
    }

    /// The limiter's one place is taken, both circuits are about to let one probe through, and
    /// somebody is in the bulkhead for as long as the limiter is waited for and a while more.
    async fn strained(&self, replies: impl IntoIterator<Item = Reply>) {
        assert!(take(&self.limiter).await.is_ok());
        assert_eq!(probe(self, KEY, Err(PayError::Down)).await.code(), "down");
        assert_eq!(self.by_rate.state(), BreakerState::Open);
        advance(5 * SECOND).await;
        self.gateway.will(replies);
        let places = self.places.clone();
        tokio::spawn(async move {
            let _permit = places.try_acquire().unwrap();
            sleep(PERIOD).await;
        });
        yield_now().await;
    }

    /// Nothing of the shared ones is held by a call that is gone.
    async fn assert_free(&self) {
        sleep(2 * PERIOD).await;
        assert!(self.places.try_acquire().is_ok(), "the bulkhead's place is lost");
        assert!(take(&self.limiter).await.is_ok(), "the limiter's place is lost");
        let mut line = Hand::new(take(&self.limiter));
        line.poll_pending();
        advance(PERIOD).await;
        assert!(line.poll().is_ready(), "somebody stands in the line who is gone");
        assert_eq!(probe(self, KEY, Ok(())).await.code(), "ok", "a probe's permit is lost");
        assert_eq!(self.breakers.breaker(KEY).unwrap().state(), BreakerState::Closed);
        assert_eq!(self.by_rate.state(), BreakerState::Closed);
        assert_eq!(self.budget.available(), 10, "a retry is lost");
    }
}

#[rate_limit(limiter)]
async fn take(limiter: &RateLimiter) -> Result<(), PayError> {
    Ok(())
}

#[circuit_breaker(app.breakers, key = key)]
#[circuit_breaker(app.by_rate)]
async fn probe(app: &App, key: &str, answer: Result<(), PayError>) -> Result<(), PayError> {
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

#[logged]
#[timed]
#[validate(!key.is_empty() => "must not be empty")]
#[rate_limit(app.limiter)]
#[idempotent(name = "whole", key = key, payload = none, store = app.records, claim = claim, lease = "5m")]
#[fallback({ sleep(SECOND).await; app.gateway.call(2, "stand-in").await }, clone(app))]
#[retry(max_attempts = 3, delay = "1s", repeatable = claim, budget = app.budget)]
#[circuit_breaker(app.breakers, key = key)]
#[circuit_breaker(app.by_rate)]
#[timeout("100s")]
#[bulkhead(app.places)]
async fn charge(app: App, key: &'static str) -> Result<Receipt, PayError> {
    app.gateway.call(1, claim.downstream_key()).await
}

/// Cuts the call later and later, until it ends before it is cut: what each left of its record and how
/// many calls it had made, and how many cuts it took.
async fn at_every_point(replies: &[Reply]) -> (BTreeSet<(&'static str, usize)>, usize) {
    let mut left = BTreeSet::new();
    for polls in 0..1000 {
        let app = App::new();
        app.strained(replies.iter().cloned()).await;
        let ended = cut(charge(app.clone(), KEY), polls).await;
        // Whatever runs on has time to end, and leases to run out.
        sleep(30 * PERIOD).await;
        left.insert((app.records.state("whole", KEY).await, app.gateway.calls()));
        app.assert_free().await;
        if ended {
            return (left, polls);
        }
    }
    panic!("it never ends")
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_at_its_second_attempt_loses_nothing() {
    let (left, cuts) = at_every_point(&[FAIL, Reply::After(SECOND)]).await;
    // Either nothing began, or it ran to its end behind its caller's back.
    assert_eq!(left, BTreeSet::from([("free", 0), ("value", 2)]));
    assert!(cuts > 100, "{cuts}");
}

#[tokio::test(start_paused = true)]
async fn a_call_for_which_something_stands_in_loses_nothing() {
    let (left, cuts) = at_every_point(&[FAIL, FAIL, Reply::After(SECOND)]).await;
    // What stood in is not kept.
    assert_eq!(left, BTreeSet::from([("free", 0), ("free", 3)]));
    assert!(cuts > 100, "{cuts}");
}

/// What the upper limiter let through is taken only by a call that the lower let through as well.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_at_the_lower_limiter_gives_its_call_of_the_upper_one_back() {
    #[rate_limit(app.tenant)]
    #[rate_limit(app.limiter)]
    async fn call(app: App) -> Result<Receipt, PayError> {
        app.gateway.call(1, "").await
    }
    let mut taken = BTreeSet::new();
    for polls in 0..1000 {
        let app = App::new();
        app.strained([Reply::After(SECOND)]).await;
        let ended = cut(call(app.clone()), polls).await;
        let upper = take(&app.tenant).await.code();
        assert_eq!(upper == "ok", app.gateway.calls() == 0, "{upper} after {} calls", app.gateway.calls());
        taken.insert(upper);
        app.assert_free().await;
        if ended {
            assert_eq!(taken, BTreeSet::from(["ok", "rate_limited"]));
            assert!(polls > 100, "{polls}");
            return;
        }
    }
    panic!("it never ends")
}

#[cached(app.rates, key = key)]
#[rate_limit(app.limiter)]
#[retry(max_attempts = 3, delay = "1s", budget = app.budget, repeatable)]
#[circuit_breaker(app.breakers, key = key)]
#[circuit_breaker(app.by_rate)]
#[timeout("100s")]
#[bulkhead(app.places)]
async fn rate(app: App, key: &str) -> Result<Receipt, PayError> {
    app.gateway.call(1, "").await
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_cut_is_made_by_the_next_one() {
    for polls in 0..1000 {
        let app = App::new();
        assert_eq!(rate(app.clone(), KEY).await.unwrap().number, 1);
        sleep(2 * PERIOD).await;
        app.strained([FAIL, Reply::After(SECOND)]).await;
        let ended = cut(rate(app.clone(), KEY), polls).await;
        sleep(30 * PERIOD).await;
        app.assert_free().await;
        sleep(PERIOD).await;
        let calls = app.gateway.calls();
        let again = tokio::time::timeout(100 * PERIOD, rate(app.clone(), KEY)).await;
        assert!(again.expect("it waits for a call that is gone").is_ok());
        assert!(app.gateway.calls() > calls, "after {polls} polls: nobody refreshes it any more");
        if ended {
            assert!(polls > 100, "{polls}");
            return;
        }
    }
    panic!("it never ends")
}
