//! One breaker for each key.

use super::*;
use steadfast::keyed::Keyed;

fn keyed() -> Keyed<String, CircuitBreaker> {
    Keyed::new(breaker())
}

#[circuit_breaker(breakers, key = tenant)]
async fn of(breakers: &Keyed<String, CircuitBreaker>, tenant: &str, gateway: &Gateway) -> Result<Receipt, PayError> {
    gateway.call(1, "").await
}

async fn fail(breakers: &Keyed<String, CircuitBreaker>, tenant: &str, times: usize) {
    let gateway = Gateway::of(vec![DOWN; times]);
    for _ in 0..times {
        assert_eq!(of(breakers, tenant, &gateway).await.code(), "down");
    }
}

#[tokio::test(start_paused = true)]
async fn one_keys_failures_are_its_own() {
    let (breakers, gateway) = (keyed(), Gateway::default());
    fail(&breakers, "acme", 2).await;
    assert_eq!(of(&breakers, "acme", &gateway).await.code(), "circuit_open");
    assert_eq!(of(&breakers, "other", &gateway).await.code(), "ok");
    advance(10 * SECOND).await;
    assert_eq!(of(&breakers, "acme", &gateway).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_function_may_have_them_to_itself_and_a_key_of_several_parts() {
    #[circuit_breaker(key = (tenant, region), failure_threshold = 1, max_keys = 100)]
    async fn call(tenant: &str, region: u8, gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([DOWN]);
    assert_eq!(call("acme", 1, &gateway).await.code(), "down");
    assert_eq!(call("acme", 1, &gateway).await.code(), "circuit_open");
    assert_eq!(call("acme", 2, &gateway).await.code(), "ok");
    assert_eq!(call("other", 1, &gateway).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_generic_function_has_a_breaker_for_each_key_of_each_type() {
    #[circuit_breaker(key = key, failure_threshold = 1)]
    async fn call<K>(key: K, gateway: &Gateway) -> Result<Receipt, PayError>
    where
        K: Clone + std::hash::Hash + Eq + Send + Sync + 'static,
    {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([DOWN]);
    assert_eq!(call(1_u64, &gateway).await.code(), "down");
    assert_eq!(call(1_u64, &gateway).await.code(), "circuit_open");
    assert_eq!(call(1_u32, &gateway).await.code(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_static_may_be_shared_also_one_made_at_the_start() {
    static GATEWAYS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("gateways").failure_threshold(1));
    static LAZY: LazyLock<Keyed<u64, CircuitBreaker>> =
        LazyLock::new(|| Keyed::new(CircuitBreaker::new("lazy").failure_threshold(1)));

    #[circuit_breaker(GATEWAYS, key = name)]
    #[circuit_breaker(LAZY, key = account)]
    async fn authorize(name: String, account: u64, gateway: &Gateway) -> Result<Receipt, PayError> {
        gateway.call(1, "").await
    }
    let gateway = Gateway::of([DOWN]);
    let call = |name: &str, account| authorize(name.to_owned(), account, &gateway);
    assert_eq!(call("acme", 1).await.code(), "down");
    let by = |refused: Result<Receipt, PayError>| refused.rejection().map(|refused| refused.name());
    assert_eq!(by(call("acme", 2).await), Some("gateways"));
    assert_eq!(by(call("other", 1).await), Some("lazy"));
    assert_eq!(by(call("other", 2).await), None);

    let functions = steadfast::registry::snapshot();
    let authorize = functions.iter().find(|f| f.name == "authorize" && f.stack.len() == 2).unwrap();
    assert_eq!(authorize.stack[0].settings["max_keys"], "10000");
}

mod memory {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keys_that_are_closed_and_clean_are_forgotten() {
        let (breakers, gateway) = (keyed().max_keys(100), Gateway::default());
        for tenant in 0..10_000 {
            assert_eq!(of(&breakers, &tenant.to_string(), &gateway).await.code(), "ok");
        }
        assert!(breakers.len() <= 100, "{}", breakers.len());
    }

    /// A breaker that was forgotten and made anew has another state to be found.
    #[tokio::test(start_paused = true)]
    async fn keys_in_use_are_kept_while_there_is_room() {
        let (breakers, gateway) = (keyed().max_keys(10_000), Gateway::default());
        let of_acme = Arc::downgrade(&breakers.breaker("acme").unwrap());
        for tenant in 0..5_000 {
            advance(SECOND).await;
            assert_eq!(of(&breakers, "acme", &gateway).await.code(), "ok");
            assert_eq!(of(&breakers, &tenant.to_string(), &gateway).await.code(), "ok");
        }
        assert!(of_acme.upgrade().is_some());
        assert!(
            breakers.len() < 1_500,
            "those out of use are forgotten, but for a few in each part of the map: {}",
            breakers.len()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_open_failing_or_forced_is_kept() {
        let (breakers, gateway) = (keyed().max_keys(4), Gateway::default());
        fail(&breakers, "open", 2).await;
        fail(&breakers, "failing", 1).await;
        breakers.breaker("forced").unwrap().force_open();
        for tenant in 0..1_000 {
            assert_eq!(of(&breakers, &tenant.to_string(), &gateway).await.code(), "ok");
        }
        assert_eq!(of(&breakers, "open", &gateway).await.code(), "circuit_open");
        assert_eq!(of(&breakers, "forced", &gateway).await.code(), "circuit_open");
        fail(&breakers, "failing", 1).await;
        assert_eq!(of(&breakers, "failing", &gateway).await.code(), "circuit_open");
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_are_open_a_new_keys_calls_go_through_uncounted() {
        let (breakers, gateway) = (keyed().max_keys(2), Gateway::default());
        fail(&breakers, "one", 2).await;
        fail(&breakers, "two", 2).await;
        fail(&breakers, "three", 10).await;
        assert_eq!(of(&breakers, "three", &gateway).await.code(), "ok");
        assert_eq!(breakers.len(), 2);
        assert!(breakers.breaker("three").is_none());
        assert_eq!(of(&breakers, "one", &gateway).await.code(), "circuit_open");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_under_way_keeps_its_key() {
        let (breakers, gateway) = (keyed().max_keys(1), Gateway::of([Reply::FailAfter(SECOND, PayError::Down)]));
        let mut slow = Hand::new(of(&breakers, "acme", &gateway));
        slow.poll_pending();
        let other = Gateway::default();
        for tenant in 0..100 {
            assert_eq!(of(&breakers, &tenant.to_string(), &other).await.code(), "ok");
        }
        advance(SECOND).await;
        assert!(slow.poll().is_ready());
        drop(slow);
        fail(&breakers, "acme", 1).await;
        assert_eq!(of(&breakers, "acme", &other).await.code(), "circuit_open");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_keeps_its_key_and_gives_its_place_back() {
        let (breakers, gateway) = (keyed().max_keys(1), Gateway::of([Reply::Hang]));
        fail(&breakers, "acme", 2).await;
        advance(10 * SECOND).await;
        let mut probe = Hand::new(of(&breakers, "acme", &gateway));
        probe.poll_pending();
        assert_eq!(of(&breakers, "other", &gateway).await.code(), "ok");
        assert_eq!(of(&breakers, "acme", &gateway).await.code(), "circuit_open");
        drop(probe);
        assert_eq!(of(&breakers, "acme", &gateway).await.code(), "ok");
    }
}

mod by_hand {
    use super::*;
    use steadfast::registry::{Describe, Operation};

    #[tokio::test(start_paused = true)]
    async fn all_keys_are_set_at_once() {
        let (breakers, gateway) = (keyed(), Gateway::default());
        fail(&breakers, "acme", 2).await;
        assert!(breakers.operate(Operation::Disable));
        assert_eq!(of(&breakers, "acme", &gateway).await.code(), "ok");
        assert!(breakers.operate(Operation::ForceOpen));
        assert_eq!(of(&breakers, "new", &gateway).await.code(), "circuit_open");
        assert!(breakers.operate(Operation::MetricsOnly));
        fail(&breakers, "acme", 5).await;
        assert_eq!(of(&breakers, "acme", &gateway).await.code(), "ok");
        assert!(breakers.operate(Operation::Reset));
        fail(&breakers, "acme", 1).await;
        assert_eq!(of(&breakers, "acme", &gateway).await.code(), "ok");
    }

    #[tokio::test(start_paused = true)]
    async fn one_key_is_set_without_the_others() {
        let (breakers, gateway) = (keyed(), Gateway::default());
        breakers.breaker("acme").unwrap().force_open();
        assert_eq!(of(&breakers, "acme", &gateway).await.code(), "circuit_open");
        assert_eq!(breakers.call("acme", || gateway.call(1, "")).await.code(), "circuit_open");
        assert_eq!(breakers.call("other", || gateway.call(1, "")).await.code(), "ok");
    }
}
