//! What a call finds, and what it leaves, when all goes well.

use std::time::Duration;

use super::support::*;
use crate::idempotent::rt::{Call, Payload, Query, answer, finish, key, run};
use crate::idempotent::*;
use crate::{Layer, Reason, Rejection, clock};

#[tokio::test(start_paused = true)]
async fn the_second_call_gets_the_value_and_runs_nothing() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    for _ in 0..3 {
        let paid = pay(call(&POLICY, "k", 100), &store, runs.ok()).await.unwrap().unwrap();
        assert_eq!(paid, Charge { id: 7 });
    }
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_error_is_replayed_as_the_same_type_and_value() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    for _ in 0..2 {
        let declined = runs.body(Duration::ZERO, Err(PayError::Declined { code: 51 }));
        let error = pay(call(&POLICY, "k", 100), &store, declined).await.unwrap().unwrap_err();
        assert!(matches!(error, PayError::Declined { code: 51 }));
    }
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_frees_the_key() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let failed = runs.body(Duration::ZERO, Err(PayError::Connect));
    assert!(matches!(pay(call(&POLICY, "k", 100), &store, failed).await, Ok(Err(PayError::Connect))));
    assert_eq!(state(&store, "k").await, None);
    // Another payload, because nothing happened with the first.
    assert!(pay(call(&POLICY, "k", 200), &store, runs.ok()).await.unwrap().is_ok());
    assert_eq!(runs.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_error_keeps_the_key_for_ever() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let failed = runs.body(Duration::ZERO, Err(PayError::TimedOutAfterSend));
    assert!(pay(call(&POLICY, "k", 100), &store, failed).await.unwrap().is_err());
    for _ in 0..2 {
        let refused = pay(call(&POLICY, "k", 100), &store, runs.ok()).await;
        assert_eq!(code(refused), "outcome_unknown");
        tokio::time::advance(Duration::from_secs(10 * 366 * 24 * 3600)).await;
    }
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_from_below_go_by_their_row() {
    use Reason as R;
    let second = Duration::from_secs(1);
    let unrecorded = || R::Unrecorded(crate::idempotent::unrecorded::Unrecorded::new(UnrecordedWhy::Lost, 1));
    let rows: [(R, Option<RecordState>); 10] = [
        (R::Open { retry_after: None }, None),
        (R::Limited { retry_after: second }, None),
        (R::TimedOut { after: second }, Some(UNKNOWN)),
        (unrecorded(), Some(UNKNOWN)),
        (R::MissingKey, None),
        (R::Conflict, None),
        (R::InFlight { retry_after: second }, None),
        (R::OutcomeUnknown { since: clock::wall() }, None),
        (R::StoreFull, None),
        (R::DuplicateName, None),
    ];
    for (reason, left) in rows {
        // As a refusal beside the function's result, and as the function's own error.
        let (store, other) = (MemoryStore::default(), MemoryStore::default());
        let rejection = Rejection::new(Layer::Retry, "below", reason);
        let (code, error) = (rejection.code(), PayError::Refused(rejection.clone()));
        let codec = |q: Query<'_, Paid>| answer(&q);
        let below = async move { Err(rejection) };
        let refused = finish(call(&POLICY, "k", 1), store.clone(), codec, below).await.unwrap_err();
        assert_eq!((refused.layer(), refused.code()), (Layer::Retry, code));
        assert_eq!(state(&store, "k").await, left, "{code}");

        let own = pay(call(&POLICY, "k", 1), &other, async { Err(error) }).await.unwrap();
        assert!(matches!(own, Err(PayError::Refused(rejection)) if rejection.code() == code));
        assert_eq!(state(&other, "k").await, left, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_payload_is_a_conflict_in_flight_and_finished() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let slow = runs.body(Duration::from_secs(1), Ok(Charge { id: 7 }));
    let (first, second) = tokio::join!(pay(call(&POLICY, "k", 100), &store, slow), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        pay(call(&POLICY, "k", 200), &store, runs.ok()).await
    });
    assert!(first.unwrap().is_ok());
    assert_eq!(code(second), "payload_conflict");
    assert_eq!(code(pay(call(&POLICY, "k", 200), &store, runs.ok()).await), "payload_conflict");
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_forgotten_a_ttl_after_its_completion() {
    static SHORT: Idempotency = Idempotency::new("charges.create").ttl(Duration::from_secs(10));
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let slow = runs.body(Duration::from_secs(30), Ok(Charge { id: 7 }));
    pay(call(&SHORT, "k", 1), &store, slow).await.unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(9)).await;
    pay(call(&SHORT, "k", 1), &store, runs.ok()).await.unwrap().unwrap();
    assert_eq!(runs.count(), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    // Free for any payload.
    pay(call(&SHORT, "k", 2), &store, runs.ok()).await.unwrap().unwrap();
    assert_eq!(runs.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn in_flight_is_refused_with_the_rest_of_the_lease() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let slow = runs.body(Duration::from_secs(10), Ok(Charge { id: 7 }));
    let (first, second) = tokio::join!(pay(call(&POLICY, "k", 1), &store, slow), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        pay(call(&POLICY, "k", 1), &store, runs.ok()).await
    });
    assert!(first.unwrap().is_ok());
    let wait = second.unwrap_err().retry_after().unwrap();
    assert!(wait > Duration::from_secs(54) && wait < Duration::from_secs(56), "{wait:?}");
}

static WAITS: Idempotency = Idempotency::new("charges.create").in_flight(InFlight::Wait(Duration::from_secs(5)));

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_run_once_and_all_get_the_value() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (store, body) = (store.clone(), runs.body(Duration::from_millis(20), Ok(Charge { id: 7 })));
            tokio::spawn(async move { pay(call(&WAITS, "k", 1), &store, body).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().unwrap(), Charge { id: 7 });
    }
    assert_eq!(runs.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_run_once_and_the_others_are_refused() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let (open, gate) = tokio::sync::watch::channel(false);
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (store, runs, mut gate) = (store.clone(), runs.clone(), gate.clone());
            let body = async move {
                let paid = runs.ok().await;
                gate.wait_for(|open| *open).await.unwrap();
                paid
            };
            tokio::spawn(async move { pay(call(&POLICY, "k", 1), &store, body).await })
        })
        .collect();
    let (mut paid, mut refused) = (0, 0);
    let open = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        open.send(true).unwrap();
        open
    });
    for call in calls {
        match call.await.unwrap() {
            Ok(value) => paid += usize::from(value.is_ok()),
            Err(rejection) => refused += usize::from(rejection.code() == "in_flight"),
        }
    }
    let _ = open.await;
    assert_eq!(runs.count(), 1);
    assert_eq!(paid + refused, 100);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_at_its_limit_or_with_the_key_free() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let slow = runs.body(Duration::from_secs(6), Ok(Charge { id: 7 }));
    let start = clock::mono();
    let (_, second) = tokio::join!(pay(call(&WAITS, "k", 1), &store, slow), async {
        let refused = pay(call(&WAITS, "k", 1), &store, runs.ok()).await;
        (refused, start.elapsed())
    });
    assert_eq!(code(second.0), "in_flight");
    assert!(second.1 >= Duration::from_secs(5) && second.1 < Duration::from_millis(5100));

    // The one it waits for comes to nothing: the waiting one runs.
    let failing = runs.body(Duration::from_secs(1), Err(PayError::Connect));
    let (first, second) =
        tokio::join!(pay(call(&WAITS, "other", 1), &store, failing), pay(call(&WAITS, "other", 1), &store, runs.ok()));
    assert!(first.unwrap().is_err());
    assert!(second.unwrap().is_ok());
    assert_eq!(runs.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_beside_the_body() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let slow = runs.body(Duration::from_secs(300), Ok(Charge { id: 7 }));
    let (first, ()) = tokio::join!(pay(call(&POLICY, "k", 1), &store, slow), async {
        for _ in 0..29 {
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "in_flight");
        }
    });
    assert!(first.unwrap().is_ok());
    assert_eq!(runs.count(), 1);
    // Whoever was refused has nothing to release.
    assert_eq!(store.times(Op::Release), 0);
    let renewals = store.times(Op::Extend);
    assert!((14..=15).contains(&renewals), "{renewals}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ran_out_is_an_unknown_outcome() {
    static RERUNS: Idempotency = Idempotency::new("charges.create").on_unknown(OnUnknown::Rerun);
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let now = clock::wall();
    // Somebody who died.
    let fingerprint = Some(Fingerprint::of(&1).unwrap());
    let claim = NewClaim { fingerprint, ..NewClaim::new(id("k"), now, Duration::from_secs(60)) };
    assert!(matches!(store.claim(claim.clone()).await.unwrap(), Claimed::Won));
    assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "in_flight");
    tokio::time::advance(Duration::from_secs(61)).await;

    let refused = pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap_err();
    assert!(matches!(refused.reason(), Reason::OutcomeUnknown { since } if *since == now));
    assert_eq!(code(pay(call(&RERUNS, "k", 2), &store, runs.ok()).await), "payload_conflict");
    assert_eq!(runs.count(), 0);

    // A run that comes to nothing does not resolve the one before it.
    let failing = runs.body(Duration::ZERO, Err(PayError::Connect));
    assert!(pay(call(&RERUNS, "k", 1), &store, failing).await.unwrap().is_err());
    assert_eq!(state(&store, "k").await, Some(UNKNOWN));

    assert!(pay(call(&RERUNS, "k", 1), &store, runs.ok()).await.unwrap().is_ok());
    assert_eq!(runs.count(), 2);
    // The dead one comes back, and learns that it lost.
    assert_eq!(store.complete(&id("k"), claim.token, Outcome::Unknown).await.unwrap(), Held::Lost);
    assert!(is_value(&state(&store, "k").await));
}

#[tokio::test(start_paused = true)]
async fn names_scopes_and_keys_tell_records_apart() {
    static OTHER: Idempotency = Idempotency::new("refunds.create");
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let scoped = |scope: &'static str, k: &'static str| Call::new(&POLICY, key(k), Payload::none()).scoped(key(scope));
    let calls = [
        Call::new(&POLICY, key("k"), Payload::none()),
        Call::new(&OTHER, key("k"), Payload::none()),
        scoped("a", "k"),
        scoped("b", "k"),
        scoped("ak", "k"),
        scoped("a", "kk"),
    ];
    let count = calls.len();
    for call in calls {
        pay(call, &store, runs.ok()).await.unwrap().unwrap();
    }
    assert_eq!(runs.count(), count);
    pay(scoped("a", "k"), &store, runs.ok()).await.unwrap().unwrap();
    assert_eq!(runs.count(), count);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_asked_for_unless_the_policy_says_otherwise() {
    static OPEN: Idempotency = Idempotency::new("charges.create").missing_key(MissingKey::Run);
    let (store, runs) = (Faulty::default(), Runs::default());
    let keyless = |policy| Call::new(policy, no_key(), Payload::none());
    assert_eq!(code(pay(keyless(&POLICY), &store, runs.ok()).await), "missing_key");
    assert_eq!(runs.count(), 0);

    for _ in 0..2 {
        pay(keyless(&OPEN), &store, runs.ok()).await.unwrap().unwrap();
        pay_and_stay(keyless(&OPEN), &store, runs.ok()).await.unwrap().unwrap();
    }
    assert_eq!(runs.count(), 4);
    assert_eq!(store.times(Op::Claim), 0);
    // A key that is none is not a missing one.
    let broken = Call::new(&OPEN, key("\n"), Payload::none());
    assert_eq!(code(pay(broken, &store, runs.ok()).await), "invalid_key");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_call_is_told_and_nothing_runs() {
    let (store, runs) = (Faulty::default(), Runs::default());
    let wrong = [
        (Call::new(&POLICY, key(""), Payload::none()), "invalid_key"),
        (Call::new(&POLICY, key("k".repeat(256).as_str()), Payload::none()), "invalid_key"),
        (Call::new(&POLICY, key("k"), Payload::none()).scoped(None), "invalid_key"),
        (Call::new(&POLICY, key("k"), Payload::none()).scoped(key("")), "invalid_key"),
        (Call::new(&POLICY, key("k"), Payload::of(&f64::NAN)), "invalid_payload"),
        (Call::new(&POLICY, key("k"), Payload::fields().with("a", &1).with("a", &1)), "invalid_payload"),
    ];
    for (call, expected) in wrong {
        assert_eq!(code(pay(call, &store, runs.ok()).await), expected);
    }
    assert_eq!((runs.count(), store.times(Op::Claim)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn fields_are_an_object_by_path_in_any_order() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let one = Payload::fields().with("request.amount", &100).with("request.currency", "EUR");
    let same = Payload::fields().with("request.currency", "EUR").with("request.amount", &100);
    let other = Payload::fields().with("request.amount", &100);
    for payload in [one, same] {
        pay(Call::new(&POLICY, key("k"), payload), &store, runs.ok()).await.unwrap().unwrap();
    }
    let refused = pay(Call::new(&POLICY, key("k"), other), &store, runs.ok()).await;
    assert_eq!(code(refused), "payload_conflict");
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_borrowing_body_runs_under_run() {
    let (store, text) = (MemoryStore::default(), String::from("borrowed"));
    let text = &text;
    let codec = |q: Query<'_, Result<String, PayError>>| answer(&q);
    for _ in 0..2 {
        let body = async { Ok(Ok(text.to_owned())) };
        let value = run(call(&POLICY, "k", 1), store.clone(), codec, body).await.unwrap().unwrap();
        assert_eq!(value, "borrowed");
    }
}

#[test]
fn both_futures_are_send_and_claim_nothing_before_they_are_polled() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let store = Faulty::default();
    let runs = Runs::default();
    drop(is_send(pay(call(&POLICY, "k", 1), &store, runs.ok())));
    drop(is_send(run(call(&POLICY, "k", 1), store.clone(), |q: Query<'_, Paid>| answer(&q), async {
        Ok(Err(PayError::Connect))
    })));
    drop(finish(call(&POLICY, "k", 1), store.clone(), |q: Query<'_, Paid>| answer(&q), async {
        Ok(Err(PayError::Connect))
    }));
    assert_eq!((store.times(Op::Claim), store.times(Op::Release), runs.count()), (0, 0, 0));
}

#[tokio::test]
async fn futures_hold_the_body_once() {
    let body = [0_u8; 4096];
    let inner = || async move {
        breath().await;
        Ok::<Paid, Rejection>(Ok(Charge { id: u64::from(body[17]) }))
    };
    let alone = size_of_val(&inner());
    let codec = |q: Query<'_, Paid>| answer(&q);
    let ran = run(call(&POLICY, "k", 1), MemoryStore::default(), codec, inner());
    let finished = finish(call(&POLICY, "k", 1), MemoryStore::default(), codec, inner());
    assert!(size_of_val(&ran) < alone + 2048, "{} {alone}", size_of_val(&ran));
    assert!(size_of_val(&finished) < alone + 2048, "{} {alone}", size_of_val(&finished));
}
