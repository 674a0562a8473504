//! Settings from outside, as a program gets them at start-up. They hold for the process.

use std::sync::LazyLock;

use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::{Configuration, circuit_breaker, configure, logged, registry};
use steadfast_tests::{Code, PayError};

static LEDGER: CircuitBreaker = CircuitBreaker::new("ledger").failure_threshold(5);
static LAZY: LazyLock<CircuitBreaker> = LazyLock::new(|| CircuitBreaker::new("lazy"));

#[circuit_breaker(LEDGER)]
async fn post() -> Result<(), PayError> {
    Err(PayError::Down)
}

#[circuit_breaker(LEDGER)]
#[circuit_breaker(LAZY)]
async fn read() -> Result<(), PayError> {
    Ok(())
}

#[logged]
#[circuit_breaker]
#[expect(dead_code, reason = "it is configured all the same")]
async fn own() -> Result<(), PayError> {
    Ok(())
}

fn setting(function: &str, layer: usize, setting: &str) -> String {
    let functions = registry::snapshot();
    let function = functions.iter().find(|found| found.name == function).unwrap();
    function.stack[layer].settings[setting].clone()
}

fn json(value: serde_json::Value) -> Configuration {
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn of_shared_lazy_and_own_policies_once_and_altogether() {
    let wrong = json(serde_json::json!({
        "circuit_breaker": {
            "ledger": { "failure_threshold": 1 },
            "own": { "failure_threshold": 0, "recovery_timeot": "1s" },
            "legder": {},
        },
        "logged": { "own": { "level": "warn" } },
    }));
    let errors = configure(&wrong).unwrap_err().to_string();
    let lines: Vec<_> = errors.lines().collect();
    assert_eq!(lines.len(), 4, "{errors}");
    assert!(
        lines[0].starts_with("circuit_breaker.legder: no circuit_breaker is called `legder` (did you mean `ledger`?)")
    );
    assert!(lines.contains(&"circuit_breaker.own: `failure_threshold` must be at least 1"), "{errors}");
    assert!(errors.contains("circuit_breaker.own: unknown field `recovery_timeot`"), "{errors}");
    assert!(lines.contains(&"logged.own: has no settings that could come from outside"), "{errors}");
    assert_eq!(setting("post", 0, "failure_threshold"), "5", "nothing is in force");

    let file = json(serde_json::json!({
        "circuit_breaker": { "ledger": { "failure_threshold": 2 }, "own": { "recovery_timeout": "10s" } },
    }));
    let vars = [
        ("APP__CIRCUIT_BREAKER__LEDGER__FAILURE_THRESHOLD", "1"),
        ("APP__CIRCUIT_BREAKER__LAZY__RECOVERY_TIMEOUT", "1m"),
    ];
    configure(&file.merge(Configuration::from_vars("APP", vars))).unwrap();
    assert_eq!(
        (setting("post", 0, "failure_threshold"), setting("read", 0, "failure_threshold")),
        ("1".into(), "1".into())
    );
    assert_eq!(
        (setting("read", 1, "recovery_timeout"), setting("own", 1, "recovery_timeout")),
        ("60s".into(), "10s".into())
    );
    post().await.unwrap_err();
    assert_eq!(read().await.code(), "circuit_open");

    let again = json(serde_json::json!({ "circuit_breaker": { "ledger": { "failure_threshold": 9 } } }));
    let errors = configure(&again).unwrap_err().to_string();
    assert_eq!(errors, "circuit_breaker.ledger: was configured before; it is done once, at start-up");
}
