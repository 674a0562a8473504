//! `#[cached]` with caches that functions share, refreshes, old values on error, and a second tier.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use steadfast::cached::{Cache, CacheConfig, MemoryTier};
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::{Rejection, cached, circuit_breaker, retry, timeout};
use steadfast_tests::{Code, Gateway, PayError, Receipt, Reply, assert_send};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Reply = Reply::Fail(PayError::Down);

mod shared {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn functions_of_different_results_share_entries() {
        static RATES: Cache<(String, u64), u32> = Cache::new("rates", Duration::from_secs(60));

        #[cached(RATES, key = (from, amount))]
        async fn rate(from: &str, amount: u64) -> Result<u32, PayError> {
            let _ = (from, amount);
            Ok(1)
        }
        #[cached(RATES, key = (from, u64::from(amount)))]
        async fn find(amount: u32, from: String) -> Option<u32> {
            let _ = (from, amount);
            Some(2)
        }
        #[cached(RATES, key = (from, 7_u64))]
        async fn plain(from: &str) -> u32 {
            let _ = from;
            3
        }
        assert_eq!(rate("EUR", 7).await.unwrap(), 1);
        assert_eq!(find(7, "EUR".to_owned()).await, Some(1));
        assert_eq!(plain("EUR").await, 1);
        assert_eq!(plain("USD").await, 3);
        assert_eq!(rate("USD", 7).await.unwrap(), 3);
        assert_eq!(RATES.get(("USD", &7)), Some(3));
        RATES.invalidate(("EUR", &7)).await.unwrap();
        assert_eq!(find(7, "EUR".to_owned()).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn they_share_runs_too_and_a_failure_only_with_their_like() {
        static RATES: Cache<u8, u32> = Cache::new("rates", Duration::from_secs(60));

        #[cached(RATES, key = id)]
        async fn one(gateway: Gateway, id: u8) -> Result<u32, PayError> {
            let _ = id;
            gateway.call(1, "").await.map(|_| 1)
        }
        #[cached(RATES, key = id)]
        async fn other(gateway: Gateway, id: u8) -> Result<u32, String> {
            let _ = id;
            gateway.call(1, "").await.map(|_| 2).map_err(|_| "another error".to_owned())
        }
        let gateway = Gateway::of([Reply::After(SECOND), Reply::FailAfter(SECOND, PayError::Down)]);
        let both = async |id| {
            let calls = (tokio::spawn(one(gateway.clone(), id)), tokio::spawn(other(gateway.clone(), id)));
            (calls.0.await.unwrap(), calls.1.await.unwrap())
        };
        let (first, second) = both(1).await;
        assert_eq!((first.unwrap(), second.unwrap(), gateway.calls()), (1, 1, 1));
        let (first, second) = both(2).await;
        assert_eq!((first.code(), second, gateway.calls()), ("down", Ok(2), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_definite_no_belongs_to_the_functions_of_its_type() {
        static NAMES: Cache<u8, u32> =
            Cache::new("names", Duration::from_secs(60)).negative_ttl(Duration::from_secs(60));

        #[cached(NAMES, key = id)]
        async fn find(gateway: &Gateway, id: u8) -> Option<u32> {
            let _ = (gateway.call(1, "").await, id);
            None
        }
        #[cached(NAMES, key = id)]
        async fn load(id: u8) -> Result<u32, PayError> {
            let _ = id;
            Ok(7)
        }
        let gateway = Gateway::default();
        for _ in 0..3 {
            assert_eq!(find(&gateway, 1).await, None);
        }
        assert_eq!((gateway.calls(), NAMES.get(&1)), (1, None));
        assert_eq!(load(1).await.unwrap(), 7);
        assert_eq!(find(&gateway, 1).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_a_value_where_the_cache_has_options() {
        static NAMES: Cache<u8, Option<u32>> = Cache::new("names", Duration::from_secs(60));

        #[cached(NAMES, key = id)]
        async fn find(gateway: &Gateway, id: u8) -> Option<u32> {
            let _ = (gateway.call(1, "").await, id);
            None
        }
        #[cached(NAMES, key = id)]
        async fn load(id: u8) -> Result<Option<u32>, PayError> {
            let _ = id;
            Ok(Some(7))
        }
        let gateway = Gateway::default();
        for _ in 0..3 {
            assert_eq!(find(&gateway, 1).await, None);
            assert_eq!(load(1).await.unwrap(), None);
        }
        assert_eq!((gateway.calls(), NAMES.get(&1)), (1, Some(None)));
    }

    type Alias<T> = std::result::Result<T, PayError>;

    #[tokio::test(start_paused = true)]
    async fn an_aliased_failure_is_not_kept() {
        static RATES: Cache<u8, Receipt> = Cache::new("rates", Duration::from_secs(60));

        #[cached(RATES, key = id)]
        async fn rate(gateway: &Gateway, id: u8) -> Alias<Receipt> {
            let _ = id;
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([DOWN]);
        assert_eq!(rate(&gateway, 1).await.code(), "down");
        assert_eq!(rate(&gateway, 1).await.unwrap().number, 2);
    }

    struct Service {
        gateway: Gateway,
        rates: Cache<u64, Receipt>,
    }

    impl Service {
        fn new() -> Self {
            let config = CacheConfig { ttl: Some(SECOND * 60), ..CacheConfig::default() };
            Self { gateway: Gateway::default(), rates: Cache::from_config("rates", &config).unwrap() }
        }

        #[cached(self.rates, key = id)]
        async fn rate(&self, id: u64) -> Result<Receipt, PayError> {
            let _ = id;
            self.gateway.call(1, "").await
        }

        #[cached(self.rates, key = id, refresh = spawn)]
        async fn owned(self: Arc<Self>, id: u64) -> Result<Receipt, PayError> {
            let service = self;
            service.gateway.call(id, "").await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn instances_have_their_own_in_a_field() {
        let (one, other) = (Arc::new(Service::new()), Service::new());
        for _ in 0..3 {
            assert_eq!(assert_send(one.rate(1)).await.unwrap().number, 1);
            assert_eq!(assert_send(one.clone().owned(1)).await.unwrap().number, 1);
        }
        assert_eq!(other.rate(1).await.unwrap().number, 1);
        assert_eq!((one.gateway.calls(), other.gateway.calls()), (1, 1));
        assert_eq!(one.clone().owned(2).await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn it_may_be_made_on_first_use() {
        static RATES: LazyLock<Cache<u64, u64>> = LazyLock::new(|| Cache::new("lazy", Duration::from_secs(60)));

        #[cached(RATES, key = id)]
        async fn doubled(id: u64) -> u64 {
            id * 2
        }
        assert_eq!((doubled(2).await, RATES.get(&2)), (4, Some(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_registry_tells_of_it() {
        static TOLD: Cache<u64, u64> = Cache::new("told", Duration::from_secs(60)).max_entries(7);

        #[cached(TOLD, key = id)]
        async fn told_by_the_registry(id: u64) -> u64 {
            id
        }
        told_by_the_registry(1).await;
        let functions = steadfast::registry::snapshot();
        let function = functions.iter().find(|f| f.name == "told_by_the_registry").unwrap();
        assert_eq!(function.stack[0].settings["max_entries"], "7");
        assert_eq!(function.stack[0].state, Some(steadfast::registry::State::Cached { entries: 1 }));
    }
}

mod old_values {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refresh_holds_only_the_one_who_found_it_due() {
        #[cached(ttl = "100s", refresh_after = "50s", except(gateway))]
        async fn rate(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Succeed, Reply::After(SECOND)]);
        rate(&gateway).await.unwrap();
        advance(51 * SECOND).await;
        let (finder, other) = tokio::join!(rate(&gateway), rate(&gateway));
        assert_eq!((finder.unwrap().number, other.unwrap().number), (2, 1));
        assert_eq!(rate(&gateway).await.unwrap().number, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_spawned_refresh_holds_nobody_and_owns_its_arguments() {
        #[cached(ttl = "100s", refresh_after = "50s", refresh = spawn, key = order.len())]
        #[retry(max_attempts = 2, delay = "1s", repeatable, clone(order))]
        #[timeout("5s")]
        async fn rate(gateway: Gateway, order: String) -> Result<Receipt, PayError> {
            let owned = order;
            gateway.call(owned.len() as u64, &owned).await
        }
        let gateway = Gateway::of([Reply::Succeed, DOWN, Reply::After(SECOND)]);
        let ask = || assert_send(rate(gateway.clone(), "order".to_owned()));
        ask().await.unwrap();
        advance(51 * SECOND).await;
        let before = tokio::time::Instant::now();
        for _ in 0..5 {
            assert_eq!(ask().await.unwrap().number, 1);
        }
        assert_eq!(before.elapsed(), Duration::ZERO);
        sleep(5 * SECOND).await;
        assert_eq!((ask().await.unwrap().number, gateway.calls()), (3, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_value_stands_in_for_a_failure_and_for_a_refusal_below() {
        static BREAKER: CircuitBreaker = CircuitBreaker::new("rates").failure_threshold(1);

        #[cached(ttl = "10s", stale_if_error = "1m", except(gateway))]
        #[circuit_breaker(BREAKER)]
        async fn rate(gateway: &Gateway) -> Result<Receipt, PayError> {
            gateway.call(1, "").await
        }
        let gateway = Gateway::of([Reply::Succeed, DOWN]);
        assert_eq!(rate(&gateway).await.unwrap().number, 1);
        advance(11 * SECOND).await;
        for _ in 0..3 {
            assert_eq!(rate(&gateway).await.unwrap().number, 1);
        }
        // The circuit is open, so the gateway was asked once more only.
        assert_eq!(gateway.calls(), 2);
        advance(60 * SECOND).await;
        assert_eq!(rate(&gateway).await.unwrap().number, 3);
    }
}

mod second_tier {
    use super::*;

    #[derive(Clone)]
    struct App {
        gateway: Gateway,
        tier: MemoryTier,
    }

    #[cached(ttl = "1m", tier = app.tier, name = "tests.rates", key = id)]
    async fn rate(app: &App, id: u64) -> Result<Receipt, PayError> {
        app.gateway.call(id, "").await
    }

    /// Another process's function, with another error type.
    #[cached(ttl = "1m", tier = app.tier, name = "tests.rates", key = id)]
    async fn elsewhere(app: App, id: u64) -> Result<Receipt, Rejection> {
        Ok(app.gateway.call(id, "").await.unwrap())
    }

    #[cached(ttl = "1m", tier = app.tier, name = "tests.names", key = id)]
    async fn find(app: &App, id: u64) -> Option<u64> {
        let _ = app;
        Some(id)
    }

    #[tokio::test(start_paused = true)]
    async fn processes_share_values_by_name() {
        let app = App { gateway: Gateway::default(), tier: MemoryTier::default() };
        assert_eq!(rate(&app, 1).await.unwrap().number, 1);
        assert_eq!(elsewhere(app.clone(), 1).await.unwrap().number, 1);
        assert_eq!(elsewhere(app.clone(), 2).await.unwrap().number, 2);
        assert_eq!(rate(&app, 2).await.unwrap().number, 2);
        assert_eq!(find(&app, 1).await, Some(1));
        assert_eq!(app.gateway.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shared_cache_may_have_one() {
        static RATES: Cache<u64, Receipt> = Cache::new("tests.shared", Duration::from_secs(60));

        #[cached(RATES, key = id)]
        async fn rate(gateway: &Gateway, id: u64) -> Result<Receipt, PayError> {
            gateway.call(id, "").await
        }
        let (gateway, tier) = (Gateway::default(), MemoryTier::default());
        RATES.use_tier(tier.clone()).unwrap();
        assert_eq!(rate(&gateway, 1).await.unwrap().number, 1);
        RATES.forget_all();
        assert_eq!(rate(&gateway, 1).await.unwrap().number, 1);
        RATES.invalidate(&1).await.unwrap();
        assert_eq!(rate(&gateway, 1).await.unwrap().number, 2);
        assert_eq!(RATES.stats().tier_hits, 1);
    }
}
