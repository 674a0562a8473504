//! Settings from outside.

use super::*;
use serde_json::json;
use steadfast::ConfigureError;
use steadfast::circuit_breaker::{CircuitBreakerConfig, Window};

fn config(settings: serde_json::Value) -> CircuitBreakerConfig {
    serde_json::from_value(settings).unwrap()
}

#[test]
fn every_setting_reads_as_it_is_named_and_is_written_the_same() {
    let settings = json!({
        "failure_threshold": null,
        "failure_rate": 0.3,
        "window": "1m",
        "minimum_calls": 50,
        "slow_call": "2s",
        "slow_rate": 0.8,
        "recovery_timeout": "10s",
        "recovery_backoff": 2.0,
        "max_recovery_timeout": "5m",
        "half_open_max_calls": 3,
        "success_threshold": 2
    });
    let config = config(settings.clone());
    assert_eq!(config.window, Some(Window::Time(60 * SECOND)));
    assert_eq!(serde_json::to_value(&config).unwrap(), settings);
    CircuitBreaker::from_config("gateway", &config).unwrap();
}

#[test]
fn a_window_is_a_time_or_a_number_of_calls_also_as_text() {
    for (text, window) in [
        (json!("1s 500ms"), Window::Time(Duration::from_millis(1500))),
        (json!(100), Window::Calls(100)),
        (json!("100"), Window::Calls(100)),
    ] {
        assert_eq!(config(json!({ "window": text })).window, Some(window));
    }
    for wrong in [json!("soon"), json!(-1), json!(1.5)] {
        assert!(serde_json::from_value::<CircuitBreakerConfig>(json!({ "window": wrong })).is_err());
    }
}

#[test]
fn what_cannot_be_right_is_refused_by_its_name() {
    for (settings, name) in [
        (json!({ "failure_threshold": 0 }), "failure_threshold"),
        (json!({ "failure_rate": 50 }), "failure_rate"),
        (json!({ "failure_rate": 0 }), "failure_rate"),
        (json!({ "window": "0s" }), "window"),
        (json!({ "window": 0 }), "window"),
        (json!({ "window": 1_000_001 }), "window"),
        (json!({ "minimum_calls": 0 }), "minimum_calls"),
        (json!({ "minimum_calls": 11, "window": 10 }), "minimum_calls"),
        (json!({ "slow_call": "0s" }), "slow_call"),
        (json!({ "slow_rate": 0.5 }), "slow_rate"),
        (json!({ "slow_rate": 1.5, "slow_call": "1s" }), "slow_rate"),
        (json!({ "recovery_timeout": "0s" }), "recovery_timeout"),
        (json!({ "recovery_backoff": 0.5 }), "recovery_backoff"),
        (json!({ "max_recovery_timeout": "1m" }), "max_recovery_timeout"),
        (json!({ "max_recovery_timeout": "1s", "recovery_backoff": 2 }), "max_recovery_timeout"),
        (json!({ "half_open_max_calls": 0 }), "half_open_max_calls"),
        (json!({ "success_threshold": 0 }), "success_threshold"),
        (json!({ "failure_threshold": 5, "failure_rate": 0.5 }), "failure_rate"),
    ] {
        let error = CircuitBreaker::from_config("gateway", &config(settings.clone())).unwrap_err();
        assert_eq!(error.setting(), name, "{settings}: {error}");
        assert!(matches!(breaker().configure(&config(settings)), Err(ConfigureError::Policy(same)) if same == error));
    }
    let unknown = serde_json::from_value::<CircuitBreakerConfig>(json!({ "failure_treshold": 5 }));
    assert!(unknown.unwrap_err().to_string().contains("unknown field `failure_treshold`"));
}

#[tokio::test(start_paused = true)]
async fn what_is_given_takes_the_place_of_what_was_built_once() {
    let breaker = breaker();
    breaker.configure(&config(json!({ "failure_threshold": 3 }))).unwrap();
    assert!(matches!(breaker.configure(&config(json!({}))), Err(ConfigureError::Again)));
    let gateway = Gateway::of(vec![DOWN; 3]);
    for _ in 0..3 {
        assert_eq!(call(&breaker, &gateway).await.code(), "down");
    }
    // What was built and not given holds on.
    assert_eq!(call(&breaker, &gateway).await.wait(), Some(10 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_may_become_one_by_rate_and_the_other_way_round() {
    let by_rate = breaker();
    by_rate.configure(&config(json!({ "failure_rate": 1.0, "minimum_calls": 4 }))).unwrap();
    let in_a_row = CircuitBreaker::new("gateway").failure_rate(0.5);
    in_a_row.configure(&config(json!({ "failure_threshold": 4 }))).unwrap();
    for breaker in [by_rate, in_a_row] {
        let gateway = Gateway::of(vec![DOWN; 4]);
        for _ in 0..4 {
            assert_eq!(call(&breaker, &gateway).await.code(), "down");
        }
        assert_eq!(call(&breaker, &gateway).await.code(), "circuit_open");
    }
}
