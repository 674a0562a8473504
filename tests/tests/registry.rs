//! The registry: every annotated function of the program, called or not.

use std::future::pending;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::MemoryStore;
use steadfast::rate_limit::RateLimiter;
use steadfast::registry::{self, FunctionSnapshot, State};
use steadfast::{cached, circuit_breaker, idempotent, logged, rate_limit, retry, timed, timeout, validate};
use steadfast_tests::{Code, Hand, PayError};

#[track_caller]
fn function(name: &str) -> FunctionSnapshot {
    let mut found: Vec<_> = registry::snapshot().into_iter().filter(|function| function.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.remove(0)
}

/// The layers of a function, outermost first.
fn stack(name: &str) -> Vec<&'static str> {
    function(name).stack.iter().map(|layer| layer.layer).collect()
}

mod listing {
    use super::*;

    #[logged(args(amount), ret)]
    #[timed]
    #[validate(amount > 0 => "must be positive")]
    #[idempotent(name = "registry.never_called", key = key, payload = amount, store = records, claim = claim)]
    #[rate_limit(max_calls = 10, period = "1m")]
    #[retry(max_attempts = 4, delay = "200ms", repeatable = claim)]
    #[circuit_breaker(failure_threshold = 7)]
    #[timeout("2s")]
    #[expect(dead_code, reason = "that is what the test is about")]
    async fn never_called(records: MemoryStore, amount: u64, key: &'static str) -> Result<u64, PayError> {
        let _ = claim;
        Ok(amount)
    }

    #[test]
    fn names_functions_that_are_never_called_with_their_place_and_their_stack_in_order() {
        let function = function("never_called");
        assert_eq!((function.module, function.file), (module_path!(), file!()));
        assert!(function.line > 20 && function.line < 60, "{}", function.line);
        let layers: Vec<_> = function.stack.iter().map(|layer| layer.layer).collect();
        assert_eq!(
            layers,
            ["logged", "timed", "validate", "idempotent", "rate_limit", "retry", "circuit_breaker", "timeout"]
        );
    }

    #[test]
    fn shows_the_settings_as_written_and_those_in_force() {
        let function = function("never_called");
        let layer = |name| function.stack.iter().find(|layer| layer.layer == name).unwrap();
        let retry = layer("retry");
        assert_eq!(retry.written, "max_attempts = 4, delay = \"200ms\", repeatable = claim");
        for (setting, value) in [
            ("max_attempts", "4"),
            ("delay", "200ms"),
            ("backoff", "2.0"),
            ("max_delay", "5s"),
            ("jitter", "full"),
            ("max_elapsed", "30s"),
            ("repeatable", "true"),
        ] {
            assert_eq!(retry.settings[setting], value, "{setting}");
        }
        let breaker = &layer("circuit_breaker").settings;
        assert_eq!((breaker["failure_threshold"].as_str(), breaker["recovery_timeout"].as_str()), ("7", "30s"));
        let idempotent = &layer("idempotent").settings;
        assert_eq!((idempotent["name"].as_str(), idempotent["lease"].as_str()), ("registry.never_called", "60s"));
        assert_eq!(layer("rate_limit").settings["max_calls"], "10");
        assert_eq!(layer("timeout").settings["after"], "2s");
        assert!(layer("validate").settings.is_empty());
        assert!(layer("timed").settings["metric"].starts_with("steadfast_"));
    }

    #[tokio::test(start_paused = true)]
    async fn names_functions_inside_others_and_of_macros() {
        macro_rules! function {
            ($name:ident) => {
                #[retry]
                async fn $name() -> Result<(), PayError> {
                    Ok(())
                }
            };
        }
        function!(made_by_a_macro);
        made_by_a_macro().await.unwrap();
        assert_eq!(stack("made_by_a_macro"), ["retry"]);
        #[timeout(pause)]
        async fn inside(pause: Duration) -> Result<(), PayError> {
            pending().await
        }
        assert_eq!(inside(Duration::from_secs(1)).await.code(), "timed_out");
        let inside = function("inside");
        // Its duration belongs to the call.
        assert_eq!((inside.stack[0].written, inside.stack[0].settings.len()), ("pause", 0));
    }

    struct Client<T>(T);

    impl<T: Send + Sync> Client<T> {
        #[retry]
        #[circuit_breaker]
        async fn generic_method<U: Send + Sync>(&self, other: &U) -> Result<(), PayError> {
            let _ = (&self.0, other);
            Ok(())
        }

        #[cached(ttl = "1m", except(self))]
        #[expect(dead_code, reason = "that is what the test is about")]
        async fn generic_never_called(&self) -> Result<u64, PayError> {
            Ok(7)
        }
    }

    #[tokio::test]
    async fn names_generic_functions_and_methods_once_whatever_their_types() {
        Client(1_u8).generic_method(&"text").await.unwrap();
        Client("text").generic_method(&1_u8).await.unwrap();
        assert_eq!(stack("generic_method"), ["retry", "circuit_breaker"]);
        assert_eq!(stack("generic_never_called"), ["cached"]);
    }

    #[test]
    fn is_sorted_and_serializes() {
        let snapshot = registry::snapshot();
        assert!(snapshot.is_sorted_by_key(|function| (function.module, function.name)));
        let json = serde_json::to_value(&snapshot).unwrap();
        let never_called = json.as_array().unwrap().iter().find(|function| function["name"] == "never_called").unwrap();
        assert_eq!(never_called["stack"][5]["settings"]["max_attempts"], "4");
        assert_eq!(never_called["stack"][6]["state"]["kind"], "circuit_breaker");
        assert_eq!(never_called["stack"][6]["state"]["state"], "closed");
        assert_eq!(never_called["stack"][7]["state"], serde_json::Value::Null);
    }

    #[test]
    fn of_a_program_without_duplicate_names_lets_it_start() {
        assert!(registry::duplicate_names().is_empty());
        registry::check().unwrap();
    }
}

mod states {
    use super::*;

    fn state(name: &str, index: usize) -> Option<State> {
        function(name).stack[index].state.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_breaker_follow_it() {
        #[circuit_breaker(failure_threshold = 2, recovery_timeout = "10s")]
        async fn breaking() -> Result<(), PayError> {
            Err(PayError::Down)
        }
        let closed = |expected: u32| {
            let state = state("breaking", 0);
            matches!(state, Some(State::CircuitBreaker { state: "closed", failures, retry_after: None, .. }) if failures == expected)
        };
        assert!(closed(0));
        let _ = breaking().await;
        assert!(closed(1));
        let _ = breaking().await;
        tokio::time::advance(Duration::from_secs(4)).await;
        let Some(State::CircuitBreaker { state: "open", retry_after: Some(wait), .. }) = state("breaking", 0) else {
            panic!("{:?}", state("breaking", 0))
        };
        assert!((5.99..=6.0).contains(&wait), "{wait}");
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_limiter_count_those_let_through_and_those_who_wait() {
        #[rate_limit(max_calls = 2, period = "10s", max_wait = "1m")]
        async fn limiting() -> Result<(), PayError> {
            Ok(())
        }
        limiting().await.unwrap();
        limiting().await.unwrap();
        let mut waits = Hand::new(limiting());
        waits.poll_pending();
        assert_eq!(state("limiting", 0), Some(State::RateLimit { admitted: Some(2), waiting: 1 }));
        drop(waits);
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(state("limiting", 0), Some(State::RateLimit { admitted: Some(0), waiting: 0 }));
    }

    #[tokio::test]
    async fn of_a_cache_count_its_entries() {
        #[cached(ttl = "1m")]
        async fn caching(key: u8) -> Result<u8, PayError> {
            Ok(key)
        }
        for key in [1, 2, 2] {
            caching(key).await.unwrap();
        }
        // The bookkeeping of entries may come a moment later.
        for _ in 0..100 {
            if state("caching", 0) == Some(State::Cached { entries: 2 }) {
                return;
            }
            caching(1).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", state("caching", 0));
    }

    static SHARED: CircuitBreaker = CircuitBreaker::new("shared").failure_threshold(1);
    static LAZY: LazyLock<RateLimiter> = LazyLock::new(|| RateLimiter::window("lazy", 3, Duration::from_secs(60)));

    #[circuit_breaker(SHARED)]
    #[rate_limit(LAZY)]
    async fn one_of_shared() -> Result<(), PayError> {
        Err(PayError::Down)
    }
    #[rate_limit(self::LAZY)]
    #[circuit_breaker(self::SHARED)]
    #[expect(dead_code, reason = "its policies live though")]
    async fn other_of_shared() -> Result<(), PayError> {
        Ok(())
    }

    #[tokio::test]
    async fn of_shared_policies_are_seen_in_every_function_that_shares_them() {
        let _ = one_of_shared().await;
        let (one, other) = (function("one_of_shared"), function("other_of_shared"));
        assert!(matches!(one.stack[0].state, Some(State::CircuitBreaker { state: "open", .. })));
        assert!(matches!(other.stack[1].state, Some(State::CircuitBreaker { state: "open", .. })));
        assert_eq!(other.stack[0].state, Some(State::RateLimit { admitted: Some(1), waiting: 0 }));
        assert_eq!(other.stack[0].settings["max_calls"], "3");
    }

    #[tokio::test]
    async fn of_an_instance_are_its_own_affair() {
        struct Client {
            breaker: Arc<CircuitBreaker>,
        }
        impl Client {
            #[circuit_breaker(self.breaker)]
            async fn of_instance(&self) -> Result<(), PayError> {
                Ok(())
            }
        }
        Client { breaker: Arc::new(CircuitBreaker::new("own")) }.of_instance().await.unwrap();
        let layer = &function("of_instance").stack[0];
        assert_eq!((layer.written, layer.settings.len(), &layer.state), ("self.breaker", 0, &None));
    }
}
