//! Settings from outside.

use std::time::Duration;

use serde_json::json;

use super::ms;
use crate::registry::Describe;
use crate::retry::{Jitter, RetryConfig, RetryPolicy};

fn policy() -> RetryPolicy {
    RetryPolicy::new("gateway")
}

/// What a policy says after it was configured, or why it was not.
fn configured(policy: &RetryPolicy, json: serde_json::Value) -> Result<(), String> {
    Describe::configure(policy, &json).map_err(|error| error.to_string())
}

#[test]
fn only_what_is_given_changes() {
    let policy = policy().max_attempts(7).delay(ms(20)).repeatable();
    configured(&policy, json!({ "backoff": "3", "jitter": "equal", "max_elapsed": "1m" })).unwrap();
    let settings = policy.settings();
    let of = |name| settings[name].as_str();
    assert_eq!((of("max_attempts"), of("delay"), of("repeatable")), ("7", "20ms", "true"));
    assert_eq!((of("backoff"), of("jitter"), of("max_elapsed")), ("3.0", "equal", "60s"));
    assert!(configured(&policy, json!({})).unwrap_err().contains("configured before"));
}

#[test]
fn a_way_to_pause_from_outside_takes_the_place_of_the_one_built_in() {
    static DELAYS: [Duration; 1] = [ms(7)];
    let scheduled = || policy().schedule(&|| [Duration::ZERO; 3]);
    let cases = [
        (policy().delay(ms(5)).backoff(3.0), json!({ "delays": ["1s", "2s"] }), "delays", "[1s, 2s]"),
        (policy(), json!({ "delays": "1s, 2s" }), "delays", "[1s, 2s]"),
        (policy().delays(&DELAYS), json!({ "delay": "9ms" }), "delay", "9ms"),
        (policy().delays(&DELAYS), json!({ "max_delay": "50ms" }), "delay", "50ms"),
        (scheduled(), json!({ "delay": "9ms" }), "delay", "9ms"),
        (scheduled(), json!({ "delays": ["9ms"] }), "delays", "[9ms]"),
        (scheduled(), json!({ "jitter": "none" }), "jitter", "none"),
        (scheduled(), json!({ "max_delay": "9ms" }), "max_delay", "9ms"),
        (policy().delay(ms(4)).max_delay(ms(5)), json!({ "delay": "6s", "max_delay": "7s" }), "max_delay", "7s"),
    ];
    for (policy, json, setting, value) in cases {
        assert_eq!(configured(&policy, json.clone()), Ok(()), "{json}");
        let settings = policy.settings();
        assert_eq!(settings[setting], value, "{json}: {settings:?}");
        assert_eq!(
            settings.contains_key("schedule"),
            json.get("max_delay").is_some() && setting == "max_delay" && value == "9ms"
        );
    }
}

#[test]
fn what_the_attribute_refuses_is_refused_by_name() {
    static DELAYS: [Duration; 1] = [ms(7)];
    let cases = [
        (policy(), json!({ "max_attempts": 0 }), "`max_attempts`"),
        (policy(), json!({ "backoff": 0.5 }), "`backoff`"),
        (policy(), json!({ "backoff": 1000.5 }), "`backoff`"),
        (policy(), json!({ "backoff": "NaN" }), "`backoff`"),
        (policy(), json!({ "max_elapsed": "0s" }), "`max_elapsed`"),
        (policy(), json!({ "max_delay": "0s" }), "`max_delay`"),
        (policy(), json!({ "delays": [] }), "`delays`"),
        (policy(), json!({ "delay": "6s" }), "`delay`"),
        (policy().max_delay(ms(50)), json!({ "delay": "60ms" }), "`delay`"),
        (policy().delay(ms(50)), json!({ "max_delay": "40ms" }), "`max_delay`"),
        (policy(), json!({ "delay": "2s", "max_delay": "1s" }), "`delay`"),
        (policy(), json!({ "delays": ["1s"], "delay": "1s" }), "`delay`"),
        (policy(), json!({ "delays": ["1s"], "max_delay": "1s" }), "`max_delay`"),
        (policy(), json!({ "delays": ["1s"], "jitter": "decorrelated" }), "`jitter`"),
        (policy().jitter(Jitter::Decorrelated), json!({ "delays": ["1s"] }), "`delays`"),
        (policy().delays(&DELAYS), json!({ "jitter": "decorrelated" }), "`jitter`"),
        (policy(), json!({ "delays": ["soon"] }), "`soon` is no duration"),
        (policy(), json!({ "jitter": "some" }), "unknown variant `some`"),
        (policy(), json!({ "attempts": 3 }), "unknown field `attempts`"),
        (policy(), json!({ "repeatable": true }), "unknown field `repeatable`"),
    ];
    for (policy, json, said) in cases {
        let before = policy.settings();
        let error = configured(&policy, json.clone()).unwrap_err();
        assert!(error.starts_with(said), "{json}: {error}");
        assert_eq!(policy.settings(), before);
        // What was refused was not the one time it may be done.
        assert_eq!(configured(&policy, json!({ "max_attempts": 2 })), Ok(()));
    }
}

#[test]
fn a_policy_is_made_of_a_config() {
    let config = RetryConfig {
        max_attempts: Some(5),
        delays: Some(vec![ms(100), ms(1500)]),
        jitter: Some(Jitter::None),
        ..RetryConfig::default()
    };
    let policy = RetryPolicy::from_config("gateway", &config).unwrap();
    assert_eq!((policy.name(), policy.settings()["delays"].as_str()), ("gateway", "[100ms, 1.5s]"));
    assert!(policy.try_delay(ms(1)).is_err());

    let json = serde_json::to_value(&config).unwrap();
    assert_eq!((&json["delays"], &json["jitter"]), (&json!(["100ms", "1s 500ms"]), &json!("none")));
    assert_eq!(serde_json::from_value::<RetryConfig>(json).unwrap(), config);
}
