//! A limit for each key.

use std::sync::LazyLock;

use steadfast::keyed::Keyed;
use steadfast::rate_limit::{Quota, RateLimiter};
use steadfast::registry::{self, State};
use steadfast::{Rejection, circuit_breaker, rate_limit, retry};
use steadfast_tests::{Code, Hand, PayError, assert_send};
use tokio::time::advance;

use super::SECOND;

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_limit() {
    #[rate_limit(key = tenant, max_calls = 1, period = "1s")]
    async fn list(tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    assert!(list("acme").await.is_ok());
    assert_eq!(list("acme").await.wait(), Some(SECOND));
    assert!(list("umbrella").await.is_ok());
    advance(SECOND).await;
    assert!(list("acme").await.is_ok());
}

/// What is borrowed may come out again, and the future is `Send`: of a key, of two limiters, of one that
/// stands below others.
#[tokio::test(start_paused = true)]
async fn a_function_with_keys_may_return_what_it_borrowed() {
    #[rate_limit(key = tenant, max_calls = 2, period = "1s")]
    async fn keyed<'a>(tenant: &str, text: &'a str) -> Result<&'a str, PayError> {
        Ok(&text[tenant.len()..])
    }
    #[retry]
    #[rate_limit(key = tenant, max_calls = 2, period = "1s", max_wait = "1s")]
    #[rate_limit(key = (tenant, text), rate = "2/1s")]
    #[circuit_breaker(key = tenant)]
    async fn stacked<'a>(tenant: &str, text: &'a str) -> Result<&'a str, PayError> {
        Ok(&text[tenant.len()..])
    }
    assert_eq!(assert_send(keyed("a", "ab")).await.unwrap(), "b");
    assert_eq!(assert_send(stacked("a", "ab")).await.unwrap(), "b");
}

#[tokio::test(start_paused = true)]
async fn a_key_may_be_anything_that_tells_calls_apart() {
    struct Request {
        account: u64,
        region: String,
    }
    #[rate_limit(key = (request.account, &request.region), rate = "1/1s")]
    async fn by_two(request: Request) -> Result<(), PayError> {
        drop(request); // the key does not hold it
        Ok(())
    }
    #[rate_limit(key = value, max_calls = 1, period = "1s")]
    async fn by_any<T: Clone + std::hash::Hash + Eq + Send + Sync + 'static>(value: T) -> Result<(), PayError> {
        Ok(())
    }
    let request = |account, region: &str| Request { account, region: region.to_owned() };
    assert!(by_two(request(1, "eu")).await.is_ok());
    assert!(by_two(request(1, "us")).await.is_ok());
    assert_eq!(by_two(request(1, "eu")).await.code(), "rate_limited");
    assert!(by_any(1).await.is_ok());
    assert!(by_any("1").await.is_ok());
    assert_eq!(by_any(1).await.code(), "rate_limited");
}

#[tokio::test(start_paused = true)]
async fn functions_share_the_limits_of_a_static() {
    static TENANTS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("tenants", 3, SECOND));
    static LAZY: LazyLock<Keyed<u32, RateLimiter>> =
        LazyLock::new(|| Keyed::new(RateLimiter::rate("lazy", 1, SECOND, 1)));

    #[rate_limit(TENANTS, key = tenant)]
    async fn list(tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    #[rate_limit(TENANTS, key = tenant, cost = 2)]
    async fn export(tenant: String) -> Result<(), PayError> {
        Ok(())
    }
    #[rate_limit(LAZY, key = id)]
    async fn of_lazy(id: u32) -> Result<(), PayError> {
        Ok(())
    }
    assert!(list("acme").await.is_ok());
    assert!(export("acme".to_owned()).await.is_ok());
    let refused = list("acme").await;
    assert_eq!(refused.rejection().unwrap().name(), "tenants");
    assert!(TENANTS.try_acquire("umbrella", 3).is_ok());
    assert!(of_lazy(1).await.is_ok());
    assert!(of_lazy(1).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_instance_may_have_its_own() {
    struct Client {
        tenants: Keyed<String, RateLimiter>,
    }
    impl Client {
        #[rate_limit(self.tenants, key = tenant)]
        async fn list(&self, tenant: &str) -> Result<(), PayError> {
            Ok(())
        }
    }
    let client = || Client { tenants: Keyed::new(RateLimiter::window("tenants", 1, SECOND)) };
    let (one, other) = (client(), client());
    assert!(one.list("acme").await.is_ok());
    assert!(one.list("acme").await.is_err());
    assert!(other.list("acme").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn callers_of_a_key_wait_in_a_line_of_their_own() {
    #[rate_limit(key = tenant, max_calls = 1, period = "1s", max_wait = "10s")]
    async fn list(tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    assert!(list("acme").await.is_ok());
    let (mut first, mut second, mut third) =
        (Hand::new(list("acme")), Hand::new(list("acme")), Hand::new(list("acme")));
    first.poll_pending();
    second.poll_pending();
    third.poll_pending();
    assert!(list("umbrella").await.is_ok());
    drop(second); // leaves its turn to the third
    advance(SECOND).await;
    third.poll_pending();
    assert!(first.poll_ready().is_ok());
    advance(SECOND).await;
    assert!(third.poll_ready().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_full_map_refuses_new_keys_until_one_is_idle() {
    #[rate_limit(key = tenant, max_calls = 2, period = "1s", max_keys = 2)]
    async fn list(tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    assert!(list("acme").await.is_ok());
    advance(SECOND / 2).await;
    assert!(list("umbrella").await.is_ok());
    assert_eq!(list("initech").await.wait(), Some(SECOND / 2));
    assert!(list("acme").await.is_ok(), "a key that is there is not new");
    advance(SECOND / 2).await;
    assert_eq!(list("initech").await.wait(), Some(SECOND / 2), "acme called again");
    advance(SECOND / 2).await;
    assert!(list("initech").await.is_ok());
}

/// What keyed limiters elsewhere keep until somebody cleans up.
#[tokio::test(start_paused = true)]
async fn keys_go_away_by_themselves() {
    static CLIENTS: Keyed<u32, RateLimiter> = Keyed::new(RateLimiter::rate("clients", 10, SECOND, 10));
    for client in 0..20_000 {
        CLIENTS.try_acquire(&client, 1).unwrap();
        advance(SECOND / 1000).await; // a hundred of them are in debt at any time
    }
    assert!(CLIENTS.len() < 1_500, "{} keys are left of a hundred", CLIENTS.len());
}

#[tokio::test(start_paused = true)]
async fn a_quota_may_depend_on_the_key() {
    static TENANTS: Keyed<String, RateLimiter> =
        Keyed::new(RateLimiter::window("tenants", 1, SECOND)).quota_of(|tenant| match tenant.strip_prefix("paid-") {
            Some(_) => Quota::rate(100, SECOND, 5),
            None => Quota::window(1, SECOND),
        });
    #[rate_limit(TENANTS, key = tenant)]
    async fn list(tenant: &str) -> Result<(), PayError> {
        Ok(())
    }
    for _ in 0..5 {
        assert!(list("paid-acme").await.is_ok());
    }
    assert_eq!(list("paid-acme").await.wait(), Some(SECOND / 100));
    assert!(list("umbrella").await.is_ok());
    assert_eq!(list("umbrella").await.wait(), Some(SECOND));
}

#[tokio::test(start_paused = true)]
async fn the_registry_counts_keys_and_those_who_wait() {
    static TENANTS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("tenants", 1, SECOND).max_wait(SECOND));
    #[rate_limit(TENANTS, key = tenant)]
    async fn registered_of_static(tenant: &str) -> Result<(), Rejection> {
        Ok(())
    }
    #[rate_limit(key = tenant, max_calls = 1, period = "1s", max_keys = 7)]
    async fn registered_of_own(tenant: &str) -> Result<(), Rejection> {
        Ok(())
    }
    registered_of_static("acme").await.unwrap();
    registered_of_static("umbrella").await.unwrap();
    let mut waits = Hand::new(registered_of_static("acme"));
    waits.poll_pending();
    registered_of_own("acme").await.unwrap();

    let functions = registry::snapshot();
    let layer = |name| &functions.iter().find(|function| function.name == name).unwrap().stack[0];
    assert_eq!(layer("registered_of_static").state, Some(State::Keyed { keys: 2, busy: 1 }));
    assert_eq!(layer("registered_of_static").settings["max_keys"], "100000");
    assert_eq!(layer("registered_of_own").state, Some(State::Keyed { keys: 1, busy: 0 }));
    assert_eq!(layer("registered_of_own").settings["max_keys"], "7");
}

#[test]
fn a_sync_function_has_keys_too() {
    #[rate_limit(key = tenant, max_calls = 3, period = "1h", cost = cost)]
    fn list(tenant: &str, cost: u32) -> Result<(), PayError> {
        Ok(())
    }
    assert!(list("acme", 2).is_ok());
    assert_eq!(list("acme", 2).code(), "rate_limited");
    assert!(list("umbrella", 2).is_ok());
}

/// Every thread gets what the limits of its keys allow, and no more.
#[test]
fn threads_meet_at_the_keys() {
    static TENANTS: Keyed<u32, RateLimiter> =
        Keyed::new(RateLimiter::window("tenants", 50, std::time::Duration::from_secs(3600)));
    let through = || (0..4_000).filter(|n| TENANTS.try_acquire(&(n % 10), 1).is_ok()).count();
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(through)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((total, TENANTS.len()), (500, 10));
}
