//! The testing kit: state of every kind that two tests share by a static, and faults under the layers
//! that answer, stand in and refuse.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast::bulkhead::Bulkhead;
use steadfast::cached::Cache;
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::idempotent::MemoryStore;
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::registry::Operation;
use steadfast::retry::RetryBudget;
use steadfast::testing::{self, Fault, Scope};
use steadfast::{bulkhead, cached, circuit_breaker, fallback, idempotent, rate_limit, retry};
use steadfast_tests::{Code, PayError};

const HOUR: Duration = Duration::from_secs(3600);

/// A call uses something up; in another scope, and in this one when it is made anew, it is there.
macro_rules! apart {
    ($($test:ident: $call:expr => $first:literal, $then:literal;)+) => {$(
        #[tokio::test]
        async fn $test() {
            let outside = testing::scope();
            assert_eq!($call.await, $first);
            assert_eq!($call.await, $then);
            let one = testing::scope();
            assert_eq!($call.await, $first, "it is used up by another scope");
            let two = testing::scope();
            assert_eq!($call.await, $first, "it is used up by the scope beside it");
            assert_eq!(one.run(async { $call.await }).await, $then);
            drop(two);
            assert_eq!($call.await, $then);
            drop(one);
            drop(outside);
        }
    )+};
}

static LIMITER: RateLimiter = RateLimiter::window("state.limiter", 1, HOUR);
static SMOOTH: RateLimiter = RateLimiter::rate("state.smooth", 1, HOUR, 1);
static LIMITERS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("state.limiters", 1, HOUR));
static BREAKERS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("state.breakers").failure_threshold(1));
static BY_RATE: CircuitBreaker = CircuitBreaker::new("state.by_rate").failure_rate(0.5).minimum_calls(1);
static RATES: Cache<String, u32> = Cache::new("state.rates", HOUR);
static BUDGET: RetryBudget = RetryBudget::new("state.budget").ratio(1.0).min_per_second(0);
static PLACES: Bulkhead = Bulkhead::new("state.places", 1);

/// Counts the calls of the process: whatever is cached tells by it who loaded.
static LOADS: AtomicU32 = AtomicU32::new(0);

#[rate_limit(LIMITER)]
async fn limited() -> Result<(), PayError> {
    Ok(())
}

#[rate_limit(SMOOTH)]
async fn smoothed() -> Result<(), PayError> {
    Ok(())
}

#[rate_limit(LIMITERS, key = tenant)]
async fn limited_by_key(tenant: &str) -> Result<(), PayError> {
    Ok(())
}

#[rate_limit(max_calls = 1, period = "1h", key = tenant)]
async fn limited_by_own_key(tenant: &str) -> Result<(), PayError> {
    Ok(())
}

#[circuit_breaker(BREAKERS, key = tenant)]
async fn broken_by_key(tenant: &str) -> Result<(), PayError> {
    Err(PayError::Down)
}

#[circuit_breaker(key = tenant, failure_threshold = 1)]
async fn broken_by_own_key(tenant: &str) -> Result<(), PayError> {
    Err(PayError::Down)
}

#[circuit_breaker(BY_RATE)]
async fn broken_by_rate() -> Result<(), PayError> {
    Err(PayError::Down)
}

#[cached(RATES, key = currency)]
async fn rate(currency: &str) -> Result<u32, PayError> {
    Ok(LOADS.fetch_add(1, Ordering::SeqCst))
}

#[cached(ttl = "1h")]
async fn own_rate(currency: &str) -> Result<u32, PayError> {
    Ok(LOADS.fetch_add(1, Ordering::SeqCst))
}

/// Whether it was loaded.
async fn loaded(rate: impl Future<Output = Result<u32, PayError>>) -> &'static str {
    let before = LOADS.load(Ordering::SeqCst);
    if rate.await.unwrap() >= before { "loaded" } else { "found" }
}

apart! {
    of_a_limiter: async { limited().await.code() } => "ok", "rate_limited";
    of_a_smooth_limiter: async { smoothed().await.code() } => "ok", "rate_limited";
    of_limiters_by_key: async { limited_by_key("acme").await.code() } => "ok", "rate_limited";
    of_a_functions_limiters_by_key: async { limited_by_own_key("acme").await.code() } => "ok", "rate_limited";
    of_breakers_by_key: async { broken_by_key("acme").await.code() } => "down", "circuit_open";
    of_a_functions_breakers_by_key: async { broken_by_own_key("acme").await.code() } => "down", "circuit_open";
    of_a_breaker_by_rate: async { broken_by_rate().await.code() } => "down", "circuit_open";
    of_a_cache: loaded(rate("EUR")) => "loaded", "found";
    of_a_functions_cache: loaded(own_rate("EUR")) => "loaded", "found";
}

#[tokio::test]
async fn of_a_cache_that_is_asked_by_hand() {
    let one = testing::scope();
    RATES.prime("USD".to_owned(), 7).await.unwrap();
    let two = testing::scope();
    assert_eq!((RATES.get("USD"), RATES.stats().entries), (None, 0));
    RATES.clear().await.unwrap();
    drop(two);
    assert_eq!(RATES.get("USD"), Some(7));
    drop(one);
    assert_eq!(RATES.get("USD"), None);
}

#[tokio::test]
async fn of_a_budget() {
    #[retry(max_attempts = 5, budget = BUDGET)]
    async fn always_down() -> Result<(), PayError> {
        Err(PayError::Down)
    }
    let one = testing::scope();
    one.immediate_retries();
    always_down().await.unwrap_err();
    assert_eq!((one.runs("always_down"), BUDGET.available()), (2, 0), "one retry for one call");
    let two = testing::scope();
    two.immediate_retries();
    always_down().await.unwrap_err();
    assert_eq!(two.runs("always_down"), 2);
    drop(two);
    one.operate("state.budget", Operation::Clear);
    always_down().await.unwrap_err();
    assert_eq!(one.runs("always_down"), 4, "what was taken before is forgotten");
}

#[tokio::test]
async fn of_a_bulkhead() {
    #[bulkhead(PLACES)]
    async fn in_a_place() -> Result<(), PayError> {
        Ok(())
    }
    let one = testing::scope();
    let held = PLACES.try_acquire().unwrap();
    assert_eq!(in_a_place().await.code(), "bulkhead_full");
    let two = testing::scope();
    assert_eq!(in_a_place().await.code(), "ok");
    assert_eq!(one.run(in_a_place()).await.code(), "bulkhead_full");
    drop(two);
    drop(held);
    assert_eq!(in_a_place().await.code(), "ok");
}

#[tokio::test]
async fn and_operations_by_name_reach_the_scope_alone() {
    let one = testing::scope();
    limited().await.unwrap();
    limited_by_key("acme").await.unwrap();
    rate("EUR").await.unwrap();
    let two = testing::scope();
    limited().await.unwrap();
    two.operate("state.limiter", Operation::Clear).operate("state.limiters", Operation::Clear);
    two.operate("state.rates", Operation::Clear);
    assert_eq!(limited().await.code(), "ok", "it was cleared");
    drop(two);
    assert_eq!((limited().await.code(), limited_by_key("acme").await.code()), ("rate_limited", "rate_limited"));
    assert_eq!(loaded(rate("EUR")).await, "found");
    one.operate("state.limiter", Operation::Clear).operate("state.limiters", Operation::Clear);
    one.operate("state.rates", Operation::Clear).force_open("state.by_rate").force_open("state.breakers");
    assert_eq!((limited().await.code(), limited_by_key("acme").await.code()), ("ok", "ok"));
    assert_eq!(loaded(rate("EUR")).await, "loaded");
    assert_eq!((broken_by_key("acme").await.code(), BY_RATE.state()), ("circuit_open", BreakerState::ForcedOpen));
}

#[tokio::test]
async fn and_the_breaker_of_a_key_is_the_scopes_own() {
    let one = testing::scope();
    broken_by_key("acme").await.unwrap_err();
    assert_eq!(BREAKERS.breaker("acme").unwrap().state(), BreakerState::Open);
    BREAKERS.breaker("other").unwrap().force_open();
    assert_eq!(broken_by_key("other").await.code(), "circuit_open");
    let two = testing::scope();
    assert_eq!(BREAKERS.breaker("acme").unwrap().state(), BreakerState::Closed);
    assert_eq!(BREAKERS.len(), 1);
    drop(two);
    one.operate("state.breakers", Operation::Reset);
    assert_eq!(BREAKERS.breaker("acme").unwrap().state(), BreakerState::Closed);
}

mod faults {
    use super::*;

    /// A scope with a fault in the first attempt.
    fn struck(function: &str, fault: Fault) -> Scope {
        let scope = testing::scope();
        scope.immediate_retries().fault(function, 1..=1, fault);
        scope
    }

    #[tokio::test]
    async fn are_stood_in_for() {
        #[fallback(value = 7)]
        #[circuit_breaker]
        async fn stood_in() -> Result<u32, PayError> {
            Ok(1)
        }
        for fault in [Fault::Transient, Fault::Unknown, Fault::TimedOut] {
            let _scope = struck("stood_in", fault);
            assert_eq!((stood_in().await.unwrap(), stood_in().await.unwrap()), (7, 1));
        }
    }

    #[tokio::test]
    async fn give_places_back() {
        #[bulkhead(max_concurrent = 1)]
        async fn placed() -> Result<u32, PayError> {
            Ok(1)
        }
        for fault in [Fault::Transient, Fault::Panic] {
            let _scope = struck("placed", fault);
            let panicked_or_failed = tokio::spawn(placed()).await;
            assert!(!matches!(panicked_or_failed, Ok(Ok(_))));
            assert_eq!(placed().await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn of_which_a_stand_in_came_leave_the_key_as_the_failure_would() {
        #[idempotent(name = "state.faults", key = key, payload = none, store = records)]
        #[fallback(value = 7)]
        #[retry(max_attempts = 2)]
        #[bulkhead(max_concurrent = 1)]
        async fn whole(records: MemoryStore, key: &'static str) -> Result<u32, PayError> {
            Ok(1)
        }
        let (scope, records) = (testing::scope(), MemoryStore::default());
        scope.immediate_retries().fault("whole", 1..=2, Fault::Transient).fault("whole", 5..=5, Fault::Unknown);
        assert_eq!(whole(records.clone(), "a").await.unwrap(), 7);
        assert_eq!(whole(records.clone(), "a").await.unwrap(), 1, "the key was free again");
        assert_eq!(whole(records.clone(), "a").await.unwrap(), 1);
        assert_eq!(scope.runs("whole"), 3, "the last one was a replay");
        assert_eq!(whole(records.clone(), "b").await.unwrap(), 1);
        assert_eq!(whole(records.clone(), "c").await.unwrap(), 7);
        assert_eq!(whole(records, "c").await.code(), "outcome_unknown");
    }
}
