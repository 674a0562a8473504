//! Nothing secret is told: not by a `Debug`, not by a refusal, not by an event or a label.

use std::time::Duration;

use metrics_util::debugging::DebuggingRecorder;
use serde::{Deserialize, Deserializer, Serialize};
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::idempotent::{Fingerprint, Idempotency, IdempotencyKey, MemoryStore, RecordId, Store, Stored};
use steadfast::rate_limit::RateLimiter;
use steadfast::retry::RetryPolicy;
use steadfast::timeout::Timeout;
use steadfast::{
    Failure, ReplayFailure, cached, circuit_breaker, idempotent, logged, rate_limit, registry, retry, timed, timeout,
    validate,
};
use steadfast_tests::{Code, Fault, PayError, Step, TestStore, listen};

/// What must not be seen anywhere.
const MARKER: &str = "marker-5f3a";

#[track_caller]
fn assert_silent(shown: impl AsRef<str>) {
    let shown = shown.as_ref();
    assert!(!shown.contains(MARKER), "{shown}");
}

/// A result with something secret in it, which can be made unreadable.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Secret {
    token: String,
    readable: bool,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Plain {
            token: String,
            readable: bool,
        }
        let Plain { token, readable } = Plain::deserialize(deserializer)?;
        // An error that talks too much.
        if readable { Ok(Self { token, readable }) } else { Err(serde::de::Error::custom(token)) }
    }
}

#[derive(Clone, Serialize)]
struct Payload {
    card: String,
    rate: f64,
}

fn payload(rate: f64) -> Payload {
    Payload { card: MARKER.to_owned(), rate }
}

#[logged]
#[timed]
#[validate(!payload.card.is_empty() => "must not be empty", payload.card.len() < 1000 => "must be shorter")]
#[idempotent(name = "secret", key = key, payload = payload, store = records, claim = claim)]
#[rate_limit(max_calls = 1000, period = "1s")]
#[retry(max_attempts = 2, delay = "1ms", repeatable = claim)]
#[circuit_breaker(failure_threshold = 1000)]
#[timeout("1s")]
async fn charge(
    records: TestStore,
    payload: Payload,
    key: &'static str,
    answer: Result<bool, ()>,
) -> Result<Secret, PayError> {
    assert!(!format!("{claim:?}").contains(claim.downstream_key()));
    match answer {
        Ok(readable) => Ok(Secret { token: payload.card.clone(), readable }),
        Err(()) => Err(PayError::Declined { code: payload.card.clone() }),
    }
}

/// A call of each kind, with the marker in its payload, its result and its errors.
async fn every_kind_of_call() -> Vec<PayError> {
    let records = TestStore::default();
    let mut refusals = Vec::new();
    let mut refused = |result: Result<Secret, PayError>, code: &str| {
        assert_eq!(result.code(), code);
        refusals.extend(result.err().filter(|error| matches!(error, PayError::Refused(_))));
    };
    for _ in 0..2 {
        refused(charge(records.clone(), payload(1.0), "value", Ok(true)).await, "ok");
        refused(charge(records.clone(), payload(1.0), "terminal", Err(())).await, "declined");
    }
    refused(charge(records.clone(), payload(2.0), "value", Ok(true)).await, "payload_conflict");
    refused(charge(records.clone(), payload(f64::NAN), "nan", Ok(true)).await, "invalid_payload");
    refused(charge(records.clone(), Payload { card: MARKER.repeat(100), rate: 1.0 }, "k", Ok(true)).await, "invalid");
    refused(charge(records.clone(), payload(1.0), "one way", Ok(false)).await, "ok");
    refused(charge(records.clone(), payload(1.0), "one way", Ok(false)).await, "outcome_unknown");
    for garbage in
        [format!("{{\"token\":\"{MARKER}\",\"readable\":false}}"), format!("\"{MARKER}\""), MARKER.to_owned()]
    {
        records.garble("secret", "value", Stored::Value(garbage.into_bytes().into())).await;
        refused(charge(records.clone(), payload(1.0), "value", Ok(true)).await, "record_undecodable");
    }
    let garbage = format!("{{\"variant\":\"{MARKER}\",\"fields\":{{}}}}");
    records.garble("secret", "terminal", Stored::Terminal(garbage.into_bytes().into())).await;
    let unheard_of = charge(records.clone(), payload(1.0), "terminal", Err(())).await;
    // The name of a variant is a name, not a value.
    assert_eq!(unheard_of.code(), "record_undecodable");
    records.breaks(Step::Complete, Fault::Fail);
    refused(charge(records.clone(), payload(1.0), "unrecorded", Ok(true)).await, "unrecorded");
    refused(charge(records.clone(), payload(1.0), "unrecorded 2", Err(())).await, "unrecorded");
    records.breaks(Step::Claim, Fault::Fail);
    refused(charge(records, payload(1.0), "down", Ok(true)).await, "store_unavailable");
    refusals
}

#[tokio::test(start_paused = true)]
async fn refusals_say_nothing_of_values() {
    let refusals = every_kind_of_call().await;
    assert!(refusals.len() >= 10, "{}", refusals.len());
    for error in refusals {
        assert_silent(format!("{error:?}"));
        assert_silent(format!("{error:#?}"));
        let PayError::Refused(rejection) = &error else { panic!() };
        assert_silent(rejection.to_string());
        let mut source = std::error::Error::source(rejection);
        while let Some(cause) = source {
            assert_silent(format!("{cause} {cause:?}"));
            source = cause.source();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_and_metrics_say_nothing_of_values() {
    let (listener, _listens) = listen(tracing::Level::TRACE);
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _records = metrics::set_default_local_recorder(&recorder);
    every_kind_of_call().await;

    let (errors, lines): (Vec<_>, Vec<_>) =
        listener.take_all().into_iter().partition(|line| line.fields.contains_key("error"));
    assert!(lines.len() > 10 && !errors.is_empty());
    assert_silent(format!("{lines:?}"));
    for line in errors {
        // The function's own errors are shown as they print themselves; this one prints its code.
        let own = line.field("outcome") == "terminal" || line.field("error").contains("record is of a variant");
        if !own {
            assert_silent(format!("{line:?}"));
        }
    }
    for (key, ..) in snapshotter.snapshot().into_vec() {
        assert_silent(format!("{key:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_registry_says_nothing_of_values() {
    #[cached(ttl = "1m")]
    async fn remembers(card: String) -> Result<Secret, PayError> {
        Ok(Secret { token: card, readable: true })
    }
    let _ = remembers(MARKER.to_owned()).await;
    every_kind_of_call().await;
    let snapshot = registry::snapshot();
    assert!(snapshot.iter().any(|function| function.name == "remembers"));
    assert_silent(format!("{snapshot:?}"));
    assert_silent(serde_json::to_string(&snapshot).unwrap());
}

#[tokio::test(start_paused = true)]
async fn stores_and_records_say_nothing_of_values() {
    #[idempotent(name = "secret.plain", key = key, payload = payload, store = records)]
    async fn plain(records: MemoryStore, payload: Payload, key: &'static str) -> Result<Secret, PayError> {
        Ok(Secret { token: payload.card.clone(), readable: true })
    }
    let records = MemoryStore::default();
    plain(records.clone(), payload(1.0), "k").await.unwrap();
    assert_silent(format!("{records:?} {records:#?}"));
    let id = RecordId::new("secret.plain", None, "k").unwrap();
    let record = records.get(&id).await.unwrap().unwrap();
    assert_silent(format!("{record:?} {:?} {:?}", record.state, record.seen()));
    let fingerprint = Fingerprint::of(&payload(1.0)).unwrap();
    assert_silent(format!("{fingerprint:?} {fingerprint}"));
    // Not in another spelling either.
    assert!(!format!("{record:?}").contains(&format!("{:?}", MARKER.as_bytes())));
}

#[test]
fn policies_say_only_their_settings() {
    fn spy(_: &steadfast::retry::Retrying<'_>) {}
    let second = Duration::from_secs(1);
    for shown in [
        format!("{:?}", CircuitBreaker::new("a")),
        format!("{:?}", RateLimiter::window("a", 1, second)),
        format!("{:?}", RateLimiter::rate("a", 1, second, 1)),
        format!("{:?}", RetryPolicy::new("a").on_retry(spy)),
        format!("{:?}", Timeout::new("a", second)),
        format!("{:?}", Idempotency::new("a")),
        format!("{:?}", steadfast::timed::Timed::new("a")),
        format!("{:?}", steadfast::cached::Cache::<u32, u32>::new("a", second)),
        format!("{:?}", steadfast::logged::Logged::new("a", "m", "f", 1, &["x"])),
    ] {
        assert!(shown.contains("\"a\""), "{shown}");
    }
}

#[test]
fn errors_of_reading_and_writing_say_nothing_of_values() {
    #[derive(Debug, Failure)]
    enum Odd {
        #[failure(terminal)]
        Number(u8),
    }
    let wrong = format!("{{\"variant\":\"Number\",\"fields\":{{\"0\":\"{MARKER}\"}}}}");
    let error = Odd::from_record(wrong.as_bytes()).unwrap_err();
    assert_silent(format!("{error} {error:?}"));

    struct TalksTooMuch;
    impl Serialize for TalksTooMuch {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom(MARKER))
        }
    }
    let error = Fingerprint::of(&TalksTooMuch).unwrap_err();
    assert_silent(format!("{error} {error:?}"));

    let error = IdempotencyKey::new(format!("{MARKER}\n")).unwrap_err();
    assert_silent(format!("{error} {error:?}"));
    let error = IdempotencyKey::new(MARKER.repeat(100)).unwrap_err();
    assert_silent(format!("{error} {error:?}"));
}
