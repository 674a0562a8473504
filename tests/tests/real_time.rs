//! Time as it passes. Only what time cannot falsify is asserted: that a pause was at least so
//! long, and what came before what.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::idempotent::{IdempotencyKey, MemoryStore};
use steadfast::rate_limit::RateLimiter;
use steadfast::{cached, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout};
use steadfast_tests::{ChargeRequest, Code, Gateway, PayError, Receipt, Reply, Step, TestStore};
use tokio::time::sleep;

const DOWN: Reply = Reply::Fail(PayError::Down);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test]
async fn a_retry_pauses() {
    #[retry(max_attempts = 4, delay = "10ms", jitter = none)]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of(vec![DOWN; 3]);
    let start = Instant::now();
    assert_eq!(call(&gateway).await.unwrap().number, 4);
    assert!(start.elapsed() >= ms(10 + 20 + 40));
    for (pause, least) in gateway.pauses().into_iter().zip([10, 20, 40]) {
        assert!(pause >= ms(least), "{pause:?}");
    }
}

#[tokio::test]
async fn a_retry_waits_as_long_as_it_is_asked_to() {
    #[retry(delay = "1ms")]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::Fail(PayError::Busy { after: ms(40) })]);
    assert_eq!(call(&gateway).await.code(), "ok");
    assert!(gateway.pauses()[0] >= ms(40));
}

#[tokio::test]
async fn a_timeout_ends_a_call_and_not_before_its_time() {
    #[timeout("30ms")]
    async fn call(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let start = Instant::now();
    assert_eq!(call(&Gateway::of([Reply::Hang])).await.code(), "timed_out");
    assert!(start.elapsed() >= ms(30));
    assert_eq!(call(&Gateway::default()).await.code(), "ok");
}

#[tokio::test]
async fn a_breaker_lets_a_probe_through_when_its_time_has_come() {
    #[circuit_breaker(breaker)]
    async fn call(breaker: &CircuitBreaker, gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let (short, long) = (
        CircuitBreaker::new("short").failure_threshold(1).recovery_timeout(ms(40)),
        CircuitBreaker::new("long").failure_threshold(1).recovery_timeout(ms(60_000)),
    );
    let gateway = Gateway::of([DOWN, DOWN]);
    let start = Instant::now();
    for breaker in [&long, &short] {
        assert_eq!(call(breaker, &gateway).await.code(), "down");
    }
    assert_eq!(call(&long, &gateway).await.code(), "circuit_open");
    while let Some(wait) = call(&short, &gateway).await.wait() {
        assert!(wait <= ms(40));
        sleep(wait).await;
    }
    assert!(start.elapsed() >= ms(40));
    assert_eq!((short.state(), long.state()), (BreakerState::Closed, BreakerState::Open));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_limiter_lets_never_more_through_in_any_period() {
    #[rate_limit(limiter)]
    async fn call(limiter: &RateLimiter) -> Result<Instant, PayError> {
        Ok(Instant::now())
    }
    let limiter = Arc::new(RateLimiter::window("limiter", 5, ms(50)).max_wait(ms(60_000)));
    let start = Instant::now();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move { call(&limiter).await.unwrap() })
        })
        .collect();
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await.unwrap());
    }
    // The last of twenty is let through in the fourth period at the earliest. What a body does
    // with its admission may come late, so pairs of bodies say nothing.
    assert!(times.into_iter().max().unwrap() - start >= ms(3 * 50));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_lets_never_more_through_than_time_has_made_room_for() {
    const BURST: u64 = 20;
    const INTERVAL: Duration = Duration::from_micros(100);
    #[rate_limit(limiter)]
    async fn call(limiter: &RateLimiter) -> Result<(), PayError> {
        Ok(())
    }
    let limiter = Arc::new(RateLimiter::rate("limiter", 10_000, ms(1000), 20));
    let start = Instant::now();
    let callers: Vec<_> = (0..2)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                let mut passed = 0;
                while start.elapsed() < ms(500) {
                    passed += u64::from(call(&limiter).await.is_ok());
                }
                passed
            })
        })
        .collect();
    let mut passed = 0;
    for caller in callers {
        passed += caller.await.unwrap();
    }
    // The processor's counter tells a limiter the time to a part in a thousand.
    let room = start.elapsed().as_nanos() as u64 / INTERVAL.as_nanos() as u64;
    assert!(passed <= BURST + 1 + room + room / 500, "{passed} where there was room for {room}");
}

#[tokio::test]
async fn who_comes_back_after_the_told_wait_is_let_through() {
    #[rate_limit(key = tenant, rate = "500/1s", burst = 2)]
    async fn call(tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    let mut refused = 0;
    while refused < 100 {
        let Some(wait) = call("acme").await.wait() else { continue };
        assert!(wait <= ms(2), "{wait:?}");
        // Not tokio's, which is late by a millisecond.
        std::thread::sleep(wait);
        assert!(call("acme").await.is_ok());
        refused += 1;
    }
}

#[tokio::test]
async fn those_who_wait_for_a_limiter_go_in_their_order() {
    #[rate_limit(max_calls = 1, period = "10ms", max_wait = "1m")]
    async fn call(number: usize, order: Arc<Mutex<Vec<usize>>>) -> Result<(), PayError> {
        order.lock().unwrap().push(number);
        Ok(())
    }
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls: Vec<_> = (0..8).map(|number| tokio::spawn(call(number, order.clone()))).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cache_forgets() {
    #[cached(ttl = "30ms", except(gateway))]
    async fn short(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    #[cached(ttl = "1h", except(gateway))]
    async fn long(gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let (forgets, keeps) = (Gateway::default(), Gateway::default());
    for number in 1..=3 {
        assert_eq!(short(&forgets).await.unwrap().number, number);
        assert_eq!(long(&keeps).await.unwrap().number, 1);
        sleep(ms(31)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_misses_are_one_run() {
    #[cached(ttl = "1h", except(gateway))]
    async fn load(gateway: Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([Reply::After(ms(30))]);
    let calls: Vec<_> = (0..64).map(|_| tokio::spawn(load(gateway.clone()))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().number, 1);
    }
}

mod idempotency {
    use super::*;

    #[derive(Clone, Default)]
    struct Shop {
        records: TestStore,
        gateway: Gateway,
    }

    #[tokio::test]
    async fn a_record_is_forgotten_after_its_time() {
        #[idempotent(name = "real.ttl", key = key, payload = none, store = shop.records, ttl = "20ms")]
        async fn pay(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(1, "").await
        }
        let shop = Shop::default();
        for number in 1..=3 {
            assert_eq!(pay(shop.clone(), "k").await.unwrap().number, number);
            sleep(ms(25)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_lease_is_renewed_while_the_work_goes_on() {
        #[idempotent(name = "real.lease", key = key, payload = none, store = shop.records, lease = "300ms")]
        async fn pay(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
            shop.gateway.call(1, "").await
        }
        let shop = Shop { gateway: Gateway::of([Reply::After(ms(650))]), ..Shop::default() };
        assert_eq!(pay(shop.clone(), "k").await.unwrap().number, 1);
        assert!(shop.records.asked(Step::Extend) >= 1);
        assert_eq!(pay(shop.clone(), "k").await.unwrap().number, 1);
    }

    #[idempotent(name = "real.waits", key = key, payload = none, store = shop.records, in_flight = wait = "1m")]
    async fn waits(shop: Shop, key: &'static str) -> Result<Receipt, PayError> {
        shop.gateway.call(1, "").await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_hundred_calls_are_one_run() {
        let shop = Shop { gateway: Gateway::of([Reply::After(ms(30))]), ..Shop::default() };
        let calls: Vec<_> = (0..100).map(|_| tokio::spawn(waits(shop.clone(), "k"))).collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().number, 1);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_caller_that_goes_away_gets_the_result_when_it_comes_back() {
        let shop = Shop { gateway: Gateway::of([Reply::After(ms(50))]), ..Shop::default() };
        let gone = tokio::spawn(waits(shop.clone(), "k"));
        while shop.gateway.calls() == 0 {
            sleep(ms(1)).await;
        }
        gone.abort();
        assert_eq!(waits(shop.clone(), "k").await.unwrap().number, 1);
        assert_eq!(shop.gateway.calls(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_whole_stack_works_on_several_threads() {
    #[derive(Clone)]
    struct App {
        gateway: Gateway,
        records: MemoryStore,
        calls: Arc<RateLimiter>,
        breaker: Arc<CircuitBreaker>,
    }

    #[logged(args(request.order), ret)]
    #[timed]
    #[idempotent(name = "real.charge", key = key, payload = request, store = app.records, claim = claim)]
    #[rate_limit(app.calls)]
    #[retry(max_attempts = 3, delay = "5ms", repeatable = claim)]
    #[circuit_breaker(app.breaker)]
    #[timeout("30ms")]
    async fn charge(app: App, request: ChargeRequest, key: IdempotencyKey) -> Result<Receipt, PayError> {
        app.gateway.call(request.amount, claim.downstream_key()).await
    }

    let app = App {
        gateway: Gateway::default(),
        records: MemoryStore::default(),
        calls: Arc::new(RateLimiter::window("calls", 1000, ms(1000))),
        breaker: Arc::new(CircuitBreaker::new("gateway").failure_threshold(1000)),
    };
    let orders = 50;
    app.gateway.will([DOWN, Reply::Hang, DOWN, Reply::Hang, DOWN]);
    let pay = |order: usize| {
        let request = ChargeRequest { order: format!("order-{order}"), amount: 500 };
        charge(app.clone(), request, IdempotencyKey::new(format!("k{order}")).unwrap())
    };
    let calls: Vec<_> = (0..orders).map(|order| tokio::spawn(pay(order))).collect();
    let mut first = Vec::new();
    for call in calls {
        first.push(call.await.unwrap());
    }
    // Whoever met the trouble got through in a later attempt.
    assert!(first.iter().filter(|paid| paid.is_ok()).count() >= orders - 2);
    let charged = app.gateway.calls();
    for (order, first) in first.into_iter().enumerate() {
        if let Ok(receipt) = first {
            assert_eq!(pay(order).await.unwrap(), receipt);
        }
    }
    assert_eq!(app.gateway.calls(), charged);
}
