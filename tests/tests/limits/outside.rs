//! Settings from outside, operators' calls, limits that are somebody else's, and no attribute.

use std::time::Duration;

use steadfast::keyed::Keyed;
use steadfast::rate_limit::{RateLimiter, RateLimiterConfig};
use steadfast::registry::Operation;
use steadfast::{ConfigureError, rate_limit};
use steadfast_tests::{Code, Hand, PayError};
use tokio::time::advance;

use super::SECOND;

fn config(json: serde_json::Value) -> RateLimiterConfig {
    serde_json::from_value(json).unwrap()
}

#[test]
fn every_setting_reads_as_people_write_it() {
    let read = config(serde_json::json!({
        "rate": "100/1m", "burst": "10", "max_wait": "500ms", "max_keys": 7, "downstream": true,
    }));
    let expected = RateLimiterConfig {
        rate: Some("100/1m".to_owned()),
        burst: Some(10),
        max_wait: Some(Duration::from_millis(500)),
        max_keys: Some(7),
        downstream: Some(true),
        ..RateLimiterConfig::default()
    };
    assert_eq!(read, expected);
    assert_eq!(config(serde_json::to_value(&read).unwrap()), read);
    assert!(serde_json::from_str::<RateLimiterConfig>(r#"{ "burts": 1 }"#).is_err());
}

#[test]
fn a_value_that_cannot_be_is_refused_by_name() {
    let window = || RateLimiter::window("window", 5, SECOND);
    let rate = || RateLimiter::rate("rate", 5, SECOND, 5);
    for (limiter, json, error) in [
        (window(), serde_json::json!({ "max_calls": 0 }), "`max_calls` must be at least 1"),
        (window(), serde_json::json!({ "period": "0s" }), "`period` must be longer than zero"),
        (window(), serde_json::json!({ "burst": 3 }), "`burst` belongs to `rate`; a window has none"),
        (window(), serde_json::json!({ "max_keys": 3 }), "`max_keys` belongs to a limiter for each key"),
        (window(), serde_json::json!({ "rate": "many" }), "`rate` must be calls per time, such as `100/1m`"),
        (rate(), serde_json::json!({ "rate": "0/1s" }), "`rate` must be at least 1 call"),
        (rate(), serde_json::json!({ "burst": 0 }), "`burst` must be at least 1"),
        (rate(), serde_json::json!({ "max_calls": 3 }), "`period` is missing: `max_calls` in what time?"),
        (
            rate(),
            serde_json::json!({ "rate": "1/1s", "period": "1s" }),
            "`rate` and `max_calls` with `period` are two ways to limit; keep one",
        ),
    ] {
        let refused = limiter.configure(&config(json)).unwrap_err();
        assert_eq!(refused.to_string(), error);
        limiter.configure(&RateLimiterConfig::default()).unwrap(); // what was refused was not taken
    }
    let nothing = RateLimiter::from_config("limiter", &RateLimiterConfig::default()).unwrap_err();
    assert_eq!(nothing.setting(), "max_calls");
}

#[tokio::test(start_paused = true)]
async fn what_is_configured_holds_and_what_was_admitted_counts() {
    let limiter = RateLimiter::window("limiter", 5, SECOND);
    for _ in 0..4 {
        limiter.try_acquire(1).unwrap();
    }
    limiter.configure(&config(serde_json::json!({ "max_calls": 2, "period": "2s" }))).unwrap();
    assert_eq!(limiter.try_acquire(1).unwrap_err().retry_after(), Some(SECOND * 2));
    assert_eq!(limiter.try_acquire(3).unwrap_err().code(), "too_costly");
    advance(SECOND * 2).await;
    assert!(limiter.try_acquire(2).is_ok());
    assert_eq!(limiter.configure(&RateLimiterConfig::default()), Err(ConfigureError::Again));
}

#[tokio::test(start_paused = true)]
async fn a_window_may_become_a_rate() {
    let limiter = RateLimiter::window("limiter", 5, SECOND);
    limiter.try_acquire(5).unwrap();
    limiter.configure(&config(serde_json::json!({ "rate": "10/1s" }))).unwrap();
    limiter.try_acquire(10).unwrap();
    assert_eq!(limiter.try_acquire(1).unwrap_err().retry_after(), Some(SECOND / 10));
}

#[tokio::test(start_paused = true)]
async fn keys_are_configured_together() {
    let tenants = Keyed::<String, _>::new(RateLimiter::window("tenants", 5, SECOND));
    tenants.configure(&config(serde_json::json!({ "max_calls": 1, "max_keys": 1 }))).unwrap();
    tenants.try_acquire("acme", 1).unwrap();
    assert!(tenants.try_acquire("acme", 1).is_err());
    assert_eq!(tenants.try_acquire("umbrella", 1).unwrap_err().code(), "rate_limited");
    assert_eq!(tenants.configure(&config(serde_json::json!({ "max_keys": 9 }))), Err(ConfigureError::Again));

    let tenants = Keyed::<String, RateLimiter>::new(RateLimiter::window("tenants", 5, SECOND));
    let refused = tenants.configure(&config(serde_json::json!({ "max_keys": 0, "max_calls": 1 })));
    assert_eq!(refused.unwrap_err().to_string(), "`max_keys` must be at least 1");
    tenants.try_acquire("acme", 5).unwrap(); // none of it was taken
}

#[tokio::test(start_paused = true)]
async fn the_registry_configures_and_clears() {
    use steadfast::registry::Describe;
    let limiter = RateLimiter::window("limiter", 1, SECOND).max_wait(SECOND * 5);
    limiter.try_acquire(1).unwrap();
    let mut waits = Hand::new(limiter.acquire(1));
    waits.poll_pending();
    assert!(Describe::operate(&limiter, Operation::Clear));
    assert!(waits.is_woken());
    assert!(waits.poll_ready().is_ok());
    assert!(!Describe::operate(&limiter, Operation::ForceOpen));

    let tenants = Keyed::<String, _>::new(RateLimiter::window("tenants", 1, SECOND));
    tenants.try_acquire("acme", 1).unwrap();
    assert!(Describe::operate(&tenants, Operation::Clear));
    assert!(tenants.is_empty());
    Describe::configure(&tenants, &serde_json::json!({ "max_calls": 2, "max_keys": "3" })).unwrap();
    assert_eq!(Describe::settings(&tenants)["max_keys"], "3");
    assert_eq!(Describe::settings(&tenants)["max_calls"], "2");
    assert!(Describe::configure(&tenants, &serde_json::json!({ "max_call": 2 })).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_somebody_else_is_no_fault_of_the_client() {
    #[rate_limit(max_calls = 1, period = "1s", downstream)]
    async fn authorize() -> Result<(), PayError> {
        Ok(())
    }
    assert!(authorize().await.is_ok());
    let refused = authorize().await;
    let rejection = refused.rejection().unwrap();
    assert_eq!((rejection.code(), rejection.status()), ("rate_limited", 503));
    assert_eq!(rejection.retry_after(), Some(SECOND));
}

#[tokio::test(start_paused = true)]
async fn closures_are_limited_as_functions_are() {
    let limiter = RateLimiter::window("limiter", 1, SECOND).max_wait(SECOND);
    let call = |value| limiter.call(async move || Ok::<_, PayError>(value));
    assert_eq!(call(1).await.unwrap(), 1);
    let mut waits = Hand::new(call(2));
    waits.poll_pending();
    assert_eq!(call(3).await.code(), "rate_limited");
    advance(SECOND).await;
    assert_eq!(waits.poll_ready().unwrap(), 2);

    let tenants = Keyed::<String, _>::new(RateLimiter::window("tenants", 1, SECOND));
    assert!(tenants.call("acme", async || Ok::<_, PayError>(())).await.is_ok());
    assert_eq!(tenants.call("acme", async || Ok::<_, PayError>(())).await.code(), "rate_limited");
    assert!(tenants.acquire("umbrella", 1).await.is_ok());
    assert!(tenants.acquire("umbrella", 1).await.is_err());
}
