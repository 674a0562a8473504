//! Settings from outside, and calls without the attribute.

use std::time::Duration;

use serde_json::json;

use super::support::*;
use crate::idempotent::*;
use crate::registry::Describe;
use crate::{ConfigureError, Rejection};

fn read(json: serde_json::Value) -> Result<IdempotencyConfig, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn settings_are_read_in_the_attributes_words() {
    let config = read(json!({
        "ttl": "1h",
        "lease": "90s",
        "in_flight": "wait 2s",
        "on_unknown": "rerun",
        "missing_key": "run",
    }));
    let config = config.unwrap();
    let expected = Idempotency::new("p")
        .ttl(HOUR)
        .lease(Duration::from_secs(90))
        .in_flight(InFlight::Wait(Duration::from_secs(2)))
        .on_unknown(OnUnknown::Rerun)
        .missing_key(MissingKey::Run);
    assert_eq!(Idempotency::from_config("p", &config).unwrap(), expected);
    assert_eq!(Idempotency::from_config("p", &IdempotencyConfig::default()).unwrap(), Idempotency::new("p"));
    // What is read is written the same way.
    assert_eq!(read(serde_json::to_value(&config).unwrap()).unwrap(), config);
    let told = expected.settings();
    assert_eq!((&*told["in_flight"], &*told["on_unknown"], &*told["missing_key"]), ("wait 2s", "rerun", "run"));
    assert_eq!(Describe::lease(&expected), Some(Duration::from_secs(90)));
}

#[test]
fn what_does_not_read_says_why() {
    for (json, why) in [
        (json!({ "tlt": "1h" }), "unknown field `tlt`"),
        (json!({ "ttl": "1" }), "such as `30s`"),
        (json!({ "in_flight": "wait" }), "such as `wait 2s`"),
        (json!({ "in_flight": "wait a bit" }), "`a bit` is no duration"),
        (json!({ "on_unknown": "recover" }), "which only the attribute can name"),
        (json!({ "on_unknown": "retry" }), "neither `refuse` nor `rerun`"),
        (json!({ "missing_key": "allow" }), "neither `refuse` nor `run`"),
    ] {
        let said = read(json.clone()).unwrap_err();
        assert!(said.contains(why), "{json}: {said}");
    }
}

#[test]
fn what_the_builder_refuses_is_refused_with_its_name() {
    let recover = IdempotencyConfig { on_unknown: Some(OnUnknown::Recover), ..Default::default() };
    let wait = IdempotencyConfig { in_flight: Some(InFlight::Wait(Duration::ZERO)), ..Default::default() };
    let zero = |name: &str| read(json!({ name: "0s" })).unwrap();
    for (config, setting) in
        [(zero("ttl"), "ttl"), (zero("lease"), "lease"), (wait, "in_flight"), (recover, "on_unknown")]
    {
        assert_eq!(Idempotency::from_config("p", &config).unwrap_err().setting(), setting);
        let policy = Idempotency::new("p");
        assert!(matches!(policy.configure(&config), Err(ConfigureError::Policy(error)) if error.setting() == setting));
        assert_eq!(policy, Idempotency::new("p"));
    }
    assert_eq!(Idempotency::from_config("", &IdempotencyConfig::default()).unwrap_err().setting(), "name");
}

#[tokio::test(start_paused = true)]
async fn what_is_configured_is_in_force_over_what_was_built() {
    static BUILT: Idempotency = Idempotency::new("configured").ttl(HOUR).on_unknown(OnUnknown::Rerun);
    let store = MemoryStore::default();
    Describe::configure(&BUILT, &json!({ "on_unknown": "refuse", "in_flight": "wait 5s" })).unwrap();
    assert_eq!(Describe::configure(&BUILT, &json!({})), Err(ConfigureError::Again));
    assert_eq!(Describe::settings(&BUILT)["ttl"], "3600s");

    let lost = Runs::default().body(Duration::ZERO, Err(PayError::TimedOutAfterSend));
    assert!(pay(call(&BUILT, "k", 5), &store, lost).await.unwrap().is_err());
    let refused = pay(call(&BUILT, "k", 5), &store, Runs::default().ok()).await;
    assert_eq!(code(refused), "outcome_unknown");
    // Two at once: the second waits.
    let runs = Runs::default();
    let body = || runs.body(Duration::from_secs(3), Ok(Charge { id: 1 }));
    let (one, two) =
        tokio::join!(pay(call(&BUILT, "two", 5), &store, body()), pay(call(&BUILT, "two", 5), &store, body()));
    assert_eq!((one.unwrap().unwrap(), two.unwrap().unwrap(), runs.count()), (Charge { id: 1 }, Charge { id: 1 }, 1));
}

impl From<Rejection> for PayError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_by_hand_is_the_attributes_call() {
    static BY_HAND: Idempotency = Idempotency::new("by_hand");
    let store = MemoryStore::default();
    let runs = Runs::default();
    let call = |amount: u64, after: u64, end: Paid| {
        let body = runs.body(Duration::from_secs(after), end);
        BY_HAND.call(&store, "k", &amount, move |claim| async move {
            assert_eq!((claim.name(), claim.key()), ("by_hand", Some("k")));
            body.await
        })
    };
    // Never polled, never begun; begun and dropped, it runs on.
    drop(call(5, 0, Ok(Charge { id: 1 })));
    assert!(store.is_empty());
    let mut begun = Box::pin(call(5, 10, Ok(Charge { id: 2 })));
    assert!(poll_once(begun.as_mut()).is_pending());
    drop(begun);
    assert!(matches!(call(5, 0, Ok(Charge { id: 3 })).await, Err(PayError::Refused(r)) if r.code() == "in_flight"));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(call(5, 0, Ok(Charge { id: 3 })).await.unwrap(), Charge { id: 2 });
    assert!(
        matches!(call(6, 0, Ok(Charge { id: 3 })).await, Err(PayError::Refused(r)) if r.code() == "payload_conflict")
    );
    assert_eq!(runs.count(), 1);
}

/// Nobody is there to be asked.
#[tokio::test(start_paused = true)]
async fn a_call_by_hand_that_should_ask_is_refused() {
    static ASKS: Idempotency = Idempotency::new("by_hand.asks").on_unknown(OnUnknown::Recover);
    let store = MemoryStore::default();
    let lost = || ASKS.call(&store, "k", &(), |_| async { Err::<Charge, _>(PayError::TimedOutAfterSend) });
    assert!(matches!(lost().await, Err(PayError::TimedOutAfterSend)));
    assert!(matches!(lost().await, Err(PayError::Refused(r)) if r.code() == "outcome_unknown"));
}
