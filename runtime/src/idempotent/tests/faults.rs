//! Stores that fail, hang, or lose the lease.

use std::time::Duration;

use super::support::*;
use crate::idempotent::rt::{Query, answer, finish};
use crate::idempotent::*;
use crate::{Failure, Kind, Reason, Rejection};

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_before_the_work_runs_nothing() {
    for fault in [Fault::Before, Fault::After, Fault::Hang, Fault::HangAfter] {
        let (store, runs) = (Faulty::default(), Runs::default());
        store.fault(Op::Claim, [fault]);
        let refused = pay(call(&POLICY, "k", 1), &store, runs.ok()).await;
        assert_eq!(code(refused), "store_unavailable", "{fault:?}");
        assert_eq!(runs.count(), 0);
        // A claim that had landed does not keep the key: nothing ran.
        assert_eq!(state(&store, "k").await, None, "{fault:?}");
        assert!(pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_comes_too_late_is_not_used() {
    #[derive(Clone)]
    struct Late(MemoryStore);
    // Only `claim` matters here, and it blocks the thread, so no timer can fire.
    impl Store for Late {
        async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
            tokio::time::advance(Duration::from_secs(61)).await;
            self.0.claim(claim).await
        }
        async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
            self.0.complete(id, token, outcome).await
        }
        async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
            self.0.release(id, token).await
        }
        async fn extend(&self, _: &RecordId, _: Token, _: std::time::SystemTime) -> Result<Held, StoreError> {
            Ok(Held::Yes)
        }
        async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
            self.0.get(id).await
        }
        async fn unknowns(
            &self,
            _: std::time::SystemTime,
            _: Option<&RecordId>,
            _: usize,
        ) -> Result<Vec<(RecordId, Record)>, StoreError> {
            Ok(Vec::new())
        }
        async fn resolve(&self, _: &RecordId, _: Seen, _: Resolution, _: &str) -> Result<Held, StoreError> {
            Ok(Held::Lost)
        }
    }
    let (store, runs) = (Late(MemoryStore::default()), Runs::default());
    assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "store_unavailable");
    assert_eq!(runs.count(), 0);
    assert_eq!(state(&store, "k").await, None);
}

#[tokio::test(start_paused = true)]
async fn completion_is_tried_until_the_store_has_it() {
    for fault in [Fault::Before, Fault::After, Fault::Hang, Fault::HangAfter] {
        let (store, runs) = (Faulty::default(), Runs::default());
        store.fault(Op::Complete, [fault, fault]);
        assert!(pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().is_ok(), "{fault:?}");
        assert_eq!(store.times(Op::Complete), 3);
        assert!(is_value(&state(&store, "k").await));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unrecorded_result_is_still_inside() {
    for (fault, left) in [(Fault::Before, false), (Fault::Hang, false), (Fault::After, true)] {
        let (store, runs) = (Faulty::default(), Runs::default());
        store.fault(Op::Complete, std::iter::repeat_n(fault, 10_000));
        let start = crate::clock::mono();
        let refused = pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap_err();
        assert!(start.elapsed() <= Duration::from_secs(60), "{:?}", start.elapsed());
        assert!(start.elapsed() >= Duration::from_secs(58), "{:?}", start.elapsed());
        assert_eq!(refused.kind(), Kind::Unknown);
        let Reason::Unrecorded(unrecorded) = refused.clone().into_reason() else { panic!("{refused}") };
        assert!(matches!(unrecorded.why(), UnrecordedWhy::Store(_)));
        assert!(!format!("{unrecorded:?}").contains('7'));
        assert!(unrecorded.take::<u32>().is_none());
        assert_eq!(unrecorded.take::<Paid>().unwrap().unwrap(), Charge { id: 7 });
        assert!(unrecorded.clone().take::<Paid>().is_none());
        assert_eq!(is_value(&state(&store, "k").await), left);

        tokio::time::advance(Duration::from_secs(61)).await;
        let again = pay(call(&POLICY, "k", 1), &store, runs.ok()).await;
        assert_eq!(again.is_ok(), left);
        assert_eq!(runs.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_function_comes_back_whatever_the_store_does() {
    for (error, kind) in [(PayError::Connect, Kind::Transient), (PayError::TimedOutAfterSend, Kind::Unknown)] {
        let (store, runs) = (Faulty::default(), Runs::default());
        for op in [Op::Complete, Op::Release] {
            store.fault(op, std::iter::repeat_n(Fault::Before, 10_000));
        }
        let body = runs.body(Duration::ZERO, Err(error));
        let failed = pay(call(&POLICY, "k", 1), &store, body).await.unwrap().unwrap_err();
        assert_eq!(failed.kind(), kind);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "outcome_unknown");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_renewal_is_tried_until_the_lease_ends() {
    let (store, runs) = (Faulty::default(), Runs::default());
    store.fault(Op::Extend, [Fault::Before, Fault::Hang, Fault::After, Fault::Before]);
    let slow = runs.body(Duration::from_secs(300), Ok(Charge { id: 7 }));
    let (first, ()) = tokio::join!(pay(call(&POLICY, "k", 1), &store, slow), async {
        for _ in 0..29 {
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "in_flight");
        }
    });
    assert!(first.unwrap().is_ok());
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_owner_learns_that_it_lost() {
    static RERUNS: Idempotency = Idempotency::new("charges.create").on_unknown(OnUnknown::Rerun);
    let (store, runs) = (Faulty::default(), Runs::default());
    store.fault(Op::Extend, std::iter::repeat_n(Fault::Before, 10_000));
    let slow = runs.body(Duration::from_secs(100), Ok(Charge { id: 1 }));
    let (late, second) = tokio::join!(pay(call(&RERUNS, "k", 1), &store, slow), async {
        tokio::time::sleep(Duration::from_secs(70)).await;
        pay(call(&RERUNS, "k", 1), &store, runs.body(Duration::ZERO, Ok(Charge { id: 2 }))).await
    });
    assert_eq!(second.unwrap().unwrap(), Charge { id: 2 });
    let refused = late.unwrap_err();
    let Reason::Unrecorded(unrecorded) = refused.reason() else { panic!("{refused}") };
    assert!(matches!(unrecorded.why(), UnrecordedWhy::Lost));
    assert_eq!(unrecorded.take::<Paid>().unwrap().unwrap(), Charge { id: 1 });
    // The record is the other's.
    let replay = pay(call(&RERUNS, "k", 1), &store, runs.ok()).await.unwrap().unwrap();
    assert_eq!((replay, runs.count()), (Charge { id: 2 }, 2));
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_that_nobody_took_is_still_completed() {
    let (store, runs) = (Faulty::slow(), Runs::default());
    store.fault(Op::Extend, std::iter::repeat_n(Fault::Before, 10_000));
    let slow = runs.body(Duration::from_secs(100), Ok(Charge { id: 7 }));
    assert!(pay(call(&POLICY, "k", 1), &store, slow).await.unwrap().is_ok());
    assert!(is_value(&state(&store, "k").await));
}

#[tokio::test(start_paused = true)]
async fn a_full_store_says_so() {
    let (store, runs) = (MemoryStore::new(1), Runs::default());
    assert!(pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().is_ok());
    assert_eq!(code(pay(call(&POLICY, "other", 1), &store, runs.ok()).await), "store_full");
    assert!(pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().is_ok());
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_cannot_be_written_comes_back_and_is_kept_as_unknown() {
    type Rate = Result<f64, PayError>;
    let store = MemoryStore::default();
    let pay = || {
        let body = async { Ok::<Rate, Rejection>(Ok(f64::NAN)) };
        finish(call(&POLICY, "k", 1), store.clone(), |q: Query<'_, Rate>| answer(&q), body)
    };
    assert!(pay().await.unwrap().unwrap().is_nan());
    assert_eq!(code(pay().await), "outcome_unknown");
    assert_eq!(state(&store, "k").await, Some(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_does_not_decode_is_never_run_again() {
    type Text = Result<String, PayError>;
    let (store, runs) = (MemoryStore::default(), Runs::default());
    pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().unwrap();
    let body = async { panic!("ran again") };
    let refused = finish(call(&POLICY, "k", 1), store.clone(), |q: Query<'_, Text>| answer(&q), body).await;
    assert_eq!(code(refused), "record_undecodable");
    assert!(pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().is_ok());
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn completion_has_as_long_as_the_renewed_lease() {
    let (store, runs) = (Faulty::default(), Runs::default());
    // Renewed in second 120 for the last time, so it ends in second 180; the store is back
    // about 30 seconds after the body's end.
    store.fault(Op::Complete, std::iter::repeat_n(Fault::Before, 35));
    let slow = runs.body(Duration::from_secs(130), Ok(Charge { id: 7 }));
    assert!(pay(call(&POLICY, "k", 1), &store, slow).await.unwrap().is_ok());
    assert!(is_value(&state(&store, "k").await));
}
