//! Operations by name on every kind of policy, in the program and over HTTP: what they do to the calls
//! that come after.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use steadfast::bulkhead::Bulkhead;
use steadfast::cached::Cache;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::registry::{Operation, Operator, router_with_control};
use steadfast::retry::RetryBudget;
use steadfast::{bulkhead, cached, circuit_breaker, control, rate_limit, retry, testing, timeout};
use steadfast_tests::{Code, PayError};
use tower::ServiceExt;

const HOUR: Duration = Duration::from_secs(3600);

static CALLS: RateLimiter = RateLimiter::window("op.calls", 1, HOUR);
static TENANTS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("op.tenants", 1, HOUR));
static GATEWAYS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("op.gateways").failure_threshold(1));
static RATES: Cache<u64, u64> = Cache::new("op.rates", HOUR);
static BUDGET: RetryBudget = RetryBudget::new("op.budget").ratio(1.0).min_per_second(0);
static PLACES: Bulkhead = Bulkhead::new("op.places", 1);
static LOADS: AtomicU64 = AtomicU64::new(0);

#[rate_limit(CALLS)]
async fn counted() -> Result<(), PayError> {
    Ok(())
}

#[rate_limit(TENANTS, key = tenant)]
async fn of_tenant(tenant: &str) -> Result<(), PayError> {
    Ok(())
}

#[circuit_breaker(GATEWAYS, key = gateway)]
async fn at_gateway(gateway: &str) -> Result<(), PayError> {
    if gateway == "down" { Err(PayError::Down) } else { Ok(()) }
}

#[circuit_breaker(key = gateway, failure_threshold = 1)]
async fn at_own_gateway(gateway: &str) -> Result<(), PayError> {
    if gateway == "down" { Err(PayError::Down) } else { Ok(()) }
}

#[cached(RATES, key = id)]
async fn rate(id: u64) -> Result<u64, PayError> {
    Ok(LOADS.fetch_add(1, Ordering::SeqCst))
}

#[cached(ttl = "1h")]
async fn own_rate(id: u64) -> Result<u64, PayError> {
    Ok(LOADS.fetch_add(1, Ordering::SeqCst))
}

#[retry(max_attempts = 9, budget = BUDGET)]
async fn retried() -> Result<(), PayError> {
    Err(PayError::Down)
}

#[bulkhead(PLACES)]
#[timeout("1h")]
async fn placed() -> Result<(), PayError> {
    Ok(())
}

/// An operation in the program or over HTTP; how many policies it reached.
async fn operated(over_http: bool, name: &str, operation: Operation) -> usize {
    async fn let_in(mut request: Request, next: Next) -> axum::response::Response {
        request.extensions_mut().insert(Operator("maria".into()));
        next.run(request).await
    }
    if !over_http {
        return control(name).unwrap().operate(operation).done.len();
    }
    let uri = format!("/{name}/{}", operation.as_str());
    let request = Request::post(uri).body(Body::empty()).unwrap();
    let response = router_with_control().layer(from_fn(let_in)).oneshot(request).await.unwrap();
    if response.status() == 409 {
        return 0;
    }
    assert_eq!(response.status(), 200);
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    body["done"].as_array().unwrap().len()
}

async fn limiters_are_cleared(over_http: bool) {
    let _scope = testing::scope();
    for _ in 0..2 {
        assert_eq!((counted().await.code(), of_tenant("acme").await.code()), ("ok", "ok"));
        assert_eq!((counted().await.code(), of_tenant("acme").await.code()), ("rate_limited", "rate_limited"));
        assert_eq!(operated(over_http, "op.calls", Operation::Clear).await, 1);
        assert_eq!(operated(over_http, "op.tenants", Operation::Clear).await, 1);
        assert_eq!(TENANTS.len(), 0);
    }
    assert_eq!(operated(over_http, "op.calls", Operation::ForceOpen).await, 0, "it has no circuit");
}

async fn breakers_of_keys_are_forced_and_reset(over_http: bool) {
    let _scope = testing::scope();
    for (name, own) in [("op.gateways", false), ("at_own_gateway", true)] {
        let codes = async || match own {
            true => [at_own_gateway("up").await.code(), at_own_gateway("down").await.code()],
            false => [at_gateway("up").await.code(), at_gateway("down").await.code()],
        };
        assert_eq!((codes().await, codes().await), (["ok", "down"], ["ok", "circuit_open"]));
        assert_eq!(operated(over_http, name, Operation::ForceOpen).await, 1);
        assert_eq!(codes().await, ["circuit_open", "circuit_open"]);
        assert_eq!(operated(over_http, name, Operation::Disable).await, 1);
        assert_eq!(codes().await, ["ok", "down"], "nobody is refused");
        assert_eq!(operated(over_http, name, Operation::Reset).await, 1);
        assert_eq!(codes().await, ["ok", "down"], "closed again, and counts");
        assert_eq!(codes().await, ["ok", "circuit_open"]);
        assert_eq!(operated(over_http, name, Operation::Clear).await, 1);
        assert_eq!(codes().await, ["ok", "down"]);
    }
}

async fn caches_are_cleared(over_http: bool) {
    let _scope = testing::scope();
    let both = async || (rate(7).await.unwrap(), own_rate(7).await.unwrap());
    let before = both().await;
    assert_eq!(both().await, before);
    assert_eq!(operated(over_http, "op.rates", Operation::Clear).await, 1);
    let after = both().await;
    assert!(after.0 > before.0 && after.1 == before.1, "{before:?} {after:?}");
    assert_eq!(operated(over_http, "own_rate", Operation::Clear).await, 1);
    assert!(both().await.1 > before.1);
    assert_eq!(operated(over_http, "op.rates", Operation::Reset).await, 0);
}

async fn a_budget_is_cleared(over_http: bool) {
    let scope = testing::scope();
    scope.immediate_retries();
    retried().await.unwrap_err();
    retried().await.unwrap_err();
    assert_eq!((scope.runs("retried"), BUDGET.available()), (4, 0));
    assert_eq!(operated(over_http, "op.budget", Operation::Clear).await, 1);
    retried().await.unwrap_err();
    assert_eq!(scope.runs("retried"), 6, "one retry for one call, as at the start");
}

async fn what_has_nothing_to_operate_says_so(over_http: bool) {
    let _scope = testing::scope();
    for operation in [Operation::ForceOpen, Operation::Disable, Operation::Reset, Operation::Clear] {
        assert_eq!(operated(over_http, "op.places", operation).await, 0);
    }
    placed().await.unwrap();
}

macro_rules! both_ways {
    ($($operation:ident)+) => {
        mod in_the_program {
            $(#[tokio::test(start_paused = true)] async fn $operation() { super::$operation(false).await; })+
        }
        mod over_http {
            $(#[tokio::test(start_paused = true)] async fn $operation() { super::$operation(true).await; })+
        }
    };
}

both_ways! {
    limiters_are_cleared
    breakers_of_keys_are_forced_and_reset
    caches_are_cleared
    a_budget_is_cleared
    what_has_nothing_to_operate_says_so
}
