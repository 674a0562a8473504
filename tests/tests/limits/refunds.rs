//! A refusal by a lower limiter gives back what the upper one let through.

use std::time::Duration;

use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::MemoryStore;
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::{circuit_breaker, idempotent, rate_limit, retry, timeout};
use steadfast_tests::{Code, Hand, PayError};
use tokio::time::advance;

use super::SECOND;

const HOUR: Duration = Duration::from_secs(3600);

/// How much is left of a limiter.
fn left(limiter: &RateLimiter) -> usize {
    std::iter::from_fn(|| limiter.try_acquire(1).ok()).count()
}

/// Both ways to count, with so much at once.
fn both(calls: u32) -> [RateLimiter; 2] {
    [RateLimiter::window("tenant", calls, HOUR), RateLimiter::rate("tenant", calls, HOUR, calls)]
}

#[rate_limit(upper, cost = cost)]
#[rate_limit(lower)]
async fn stacked(upper: &RateLimiter, lower: &RateLimiter, cost: u32) -> Result<(), PayError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_takes_nothing_above() {
    for upper in both(10) {
        let lower = RateLimiter::window("gateway", 1, HOUR);
        assert!(stacked(&upper, &lower, 3).await.is_ok());
        for _ in 0..20 {
            assert_eq!(stacked(&upper, &lower, 3).await.rejection().unwrap().name(), "gateway");
        }
        assert_eq!(left(&upper), 7, "{upper:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_above_goes_when_the_place_comes_back() {
    for upper in both(1) {
        let upper = upper.max_wait(HOUR * 2);
        let slow = RateLimiter::window("slow", 1, HOUR).max_wait(HOUR * 2);
        let free = RateLimiter::window("free", 10, HOUR);
        assert!(slow.try_acquire(1).is_ok());
        let mut first = Hand::new(stacked(&upper, &slow, 1));
        first.poll_pending(); // has the upper's place, and waits below
        let mut second = Hand::new(stacked(&upper, &free, 1));
        second.poll_pending();
        drop(first);
        assert!(second.is_woken());
        assert!(second.poll_ready().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn keys_get_their_calls_back() {
    static TENANTS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("tenants", 2, HOUR));

    #[rate_limit(TENANTS, key = &tenant)]
    #[rate_limit(gateway)]
    async fn call(gateway: &RateLimiter, tenant: String) -> Result<(), PayError> {
        drop(tenant);
        Ok(())
    }
    #[rate_limit(limiter)]
    #[rate_limit(key = tenant, max_calls = 1, period = "1h")]
    async fn below(limiter: &RateLimiter, tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    let gateway = RateLimiter::window("gateway", 1, HOUR);
    assert!(call(&gateway, "acme".to_owned()).await.is_ok());
    for _ in 0..5 {
        assert!(call(&gateway, "acme".to_owned()).await.is_err());
    }
    assert!(TENANTS.try_acquire("acme", 1).is_ok());
    assert!(TENANTS.try_acquire("acme", 1).is_err());

    let limiter = RateLimiter::window("limiter", 5, HOUR);
    assert!(below(&limiter, "acme").await.is_ok());
    assert!(below(&limiter, "acme").await.is_err());
    assert_eq!(left(&limiter), 4);
}

#[tokio::test(start_paused = true)]
async fn all_of_three_get_theirs_back() {
    #[rate_limit(first)]
    #[rate_limit(second)]
    #[rate_limit(third)]
    async fn call(first: &RateLimiter, second: &RateLimiter, third: &RateLimiter) -> Result<(), PayError> {
        Ok(())
    }
    let [first, second] = both(5);
    let third = RateLimiter::window("third", 1, HOUR);
    assert!(call(&first, &second, &third).await.is_ok());
    assert!(call(&first, &second, &third).await.is_err());
    assert_eq!((left(&first), left(&second)), (4, 4));

    let [first, second] = both(5);
    let empty = RateLimiter::window("second", 1, HOUR);
    empty.try_acquire(1).unwrap();
    assert!(call(&first, &empty, &second).await.is_err());
    assert_eq!((left(&first), left(&second)), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn it_works_across_layers_between() {
    static UPPER: RateLimiter = RateLimiter::window("upper", 5, HOUR);
    static LOWER: RateLimiter = RateLimiter::window("lower", 1, HOUR);

    #[rate_limit(UPPER)]
    #[idempotent(name = "refunds.between", key = key, payload = none, store = records)]
    #[circuit_breaker(failure_threshold = 3)]
    #[timeout("5s")]
    #[rate_limit(LOWER)]
    async fn call(records: MemoryStore, key: String) -> Result<(), PayError> {
        Ok(())
    }
    let records = MemoryStore::default();
    assert!(call(records.clone(), "one".to_owned()).await.is_ok());
    assert_eq!(call(records.clone(), "two".to_owned()).await.code(), "rate_limited");
    assert!(call(records, "one".to_owned()).await.is_ok(), "a replay takes one of the upper, as ever");
    assert_eq!(left(&UPPER), 3);
}

#[tokio::test(start_paused = true)]
async fn an_instance_has_no_refund_across_work_that_lives_on() {
    #[derive(Clone)]
    struct Client {
        upper: std::sync::Arc<RateLimiter>,
        records: MemoryStore,
    }
    impl Client {
        #[rate_limit(self.upper)]
        #[idempotent(name = "refunds.instance", key = key, payload = none, store = self.records)]
        #[rate_limit(max_calls = 1, period = "1h")]
        async fn call(self, key: String) -> Result<(), PayError> {
            Ok(())
        }
    }
    let upper = std::sync::Arc::new(RateLimiter::window("upper", 5, HOUR));
    let client = Client { upper: upper.clone(), records: MemoryStore::default() };
    assert!(client.clone().call("one".to_owned()).await.is_ok());
    assert!(client.call("two".to_owned()).await.is_err());
    assert_eq!(left(&upper), 3);
}

/// Only a limiter's refusal gives back: what else may refuse below is no reason to call more often.
#[tokio::test(start_paused = true)]
async fn an_open_circuit_gives_nothing_back() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new("refunds").failure_threshold(1);

    #[rate_limit(upper)]
    #[circuit_breaker(BREAKER)]
    #[rate_limit(lower)]
    async fn fails(upper: &RateLimiter, lower: &RateLimiter) -> Result<(), PayError> {
        Err(PayError::Down)
    }
    let (upper, lower) = (RateLimiter::window("upper", 5, HOUR), RateLimiter::window("lower", 5, HOUR));
    assert_eq!(fails(&upper, &lower).await.code(), "down");
    assert_eq!(fails(&upper, &lower).await.code(), "circuit_open");
    assert_eq!((left(&upper), left(&lower)), (3, 4));
}

/// Every attempt asks the lower one: the call has run, and takes one of the upper.
#[tokio::test(start_paused = true)]
async fn below_a_retry_the_upper_keeps_its_call() {
    #[rate_limit(upper)]
    #[retry(max_attempts = 2, delay = "1ms", repeatable)]
    #[rate_limit(lower)]
    async fn call(upper: &RateLimiter, lower: &RateLimiter) -> Result<(), PayError> {
        Err(PayError::Down)
    }
    let (upper, lower) = (RateLimiter::window("upper", 5, HOUR), RateLimiter::window("lower", 1, HOUR));
    assert!(call(&upper, &lower).await.is_err());
    assert_eq!(left(&upper), 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_let_through_below_has_used_both() {
    let (upper, lower) = (RateLimiter::window("upper", 5, SECOND), RateLimiter::window("lower", 5, SECOND));

    #[rate_limit(upper)]
    #[rate_limit(lower)]
    async fn hangs(upper: &RateLimiter, lower: &RateLimiter) -> Result<(), PayError> {
        std::future::pending().await
    }
    Hand::new(hangs(&upper, &lower)).poll_pending();
    assert_eq!((left(&upper), left(&lower)), (4, 4));
    advance(SECOND).await;
    assert_eq!((left(&upper), left(&lower)), (5, 5));
}

#[test]
fn a_sync_function_gives_back_too() {
    #[rate_limit(upper)]
    #[rate_limit(lower, cost = 2)]
    fn call(upper: &RateLimiter, lower: &RateLimiter) -> Result<(), PayError> {
        Ok(())
    }
    let (upper, lower) = (RateLimiter::window("upper", 5, HOUR), RateLimiter::window("lower", 3, HOUR));
    assert!(call(&upper, &lower).is_ok());
    assert!(call(&upper, &lower).is_err());
    assert_eq!((left(&upper), left(&lower)), (4, 1));
}
