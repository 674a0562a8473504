//! Calls that are dropped at every point where they can be, and bodies that panic.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::support::*;
use crate::Rejection;
use crate::idempotent::rt::{Query, answer, finish, run};
use crate::idempotent::*;

/// Everything that was handed to the runtime comes to its end.
async fn let_it_finish() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A body of three breaths that says when it began and when it ended.
async fn body(runs: Runs, ended: Runs) -> Result<Paid, Rejection> {
    let _ = runs.ok().await;
    for _ in 0..3 {
        breath().await;
    }
    let _ = ended.ok().await;
    Ok(Ok(Charge { id: 7 }))
}

/// What is left of a call that was dropped after so many polls; `None` when it ended before.
async fn dropped_after(polls: usize, finishes: bool) -> Option<(usize, usize, Option<RecordState>)> {
    let store = Faulty::slow();
    let (runs, ended) = (Runs::default(), Runs::default());
    let codec = |q: Query<'_, Paid>| answer(&q);
    let work = body(runs.clone(), ended.clone());
    let over = {
        if finishes {
            let mut future = Box::pin(finish(call(&POLICY, "k", 1), store.clone(), codec, work));
            (0..polls).any(|_| poll_once(future.as_mut()).is_ready())
        } else {
            let mut future = Box::pin(run(call(&POLICY, "k", 1), store.clone(), codec, work));
            (0..polls).any(|_| poll_once(future.as_mut()).is_ready())
        }
    };
    let_it_finish().await;
    (!over).then_some((runs.count(), ended.count(), state(&store, "k").await))
}

#[tokio::test(start_paused = true)]
async fn finish_leaves_nothing_or_the_result() {
    let mut seen = 0;
    for polls in 0.. {
        let Some((began, ended, left)) = dropped_after(polls, true).await else {
            break;
        };
        assert_eq!(began, ended, "after {polls} polls");
        match began {
            0 => assert_eq!(left, None, "after {polls} polls"),
            _ => assert!(is_value(&left), "after {polls} polls: {left:?}"),
        }
        seen += began;
    }
    assert!(seen >= 5);
}

#[tokio::test(start_paused = true)]
async fn run_leaves_nothing_an_unknown_outcome_or_the_result() {
    let mut seen = [0; 3];
    for polls in 0.. {
        let Some((began, ended, left)) = dropped_after(polls, false).await else {
            break;
        };
        match (began, ended) {
            (0, _) => assert_eq!(left, None, "after {polls} polls"),
            (_, 0) => assert_eq!(left, Some(UNKNOWN), "after {polls} polls"),
            _ => assert!(is_value(&left), "after {polls} polls: {left:?}"),
        }
        seen[began + ended] += 1;
    }
    assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
}

#[test]
fn without_a_runtime_a_dropped_call_tells_the_store_what_it_can() {
    for finishes in [true, false] {
        let store = MemoryStore::default();
        let codec = |q: Query<'_, Paid>| answer(&q);
        let runs = Runs::default();
        let work = body(runs.clone(), Runs::default());
        if finishes {
            let mut future = Box::pin(finish(call(&POLICY, "k", 1), store.clone(), codec, work));
            // The lease needs a timer, so the body may pend only inside a runtime.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async { assert!(poll_once(future.as_mut()).is_pending()) });
            drop(runtime);
            drop(future);
        } else {
            let mut future = Box::pin(run(call(&POLICY, "k", 1), store.clone(), codec, work));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async { assert!(poll_once(future.as_mut()).is_pending()) });
            drop(runtime);
            drop(future);
        }
        assert_eq!(runs.count(), 1);
        assert_eq!(at_once(state(&store, "k")), Some(UNKNOWN));
    }
}

#[test]
fn a_runtime_that_shuts_down_takes_the_calls_with_it() {
    let store = Faulty::slow();
    let runs = Runs::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    for n in 0..20 {
        let (store, runs) = (store.clone(), runs.clone());
        runtime.spawn(async move {
            let body = runs.body(Duration::from_secs(3600), Ok(Charge { id: n }));
            pay(call(&POLICY, &format!("k{n}"), 1), &store, body).await
        });
    }
    while runs.count() < 20 {
        std::thread::yield_now();
    }
    runtime.shutdown_timeout(Duration::from_secs(10));
    for n in 0..20 {
        // In flight, where the store had no time left to hear of it: then the lease says it.
        let left = at_once(state(&store, &format!("k{n}")));
        assert!(matches!(left, Some(RecordState::InFlight { .. }) | Some(UNKNOWN)), "{left:?}");
    }
}

async fn panics(runs: Runs) -> Paid {
    let _ = runs.ok().await;
    breath().await;
    panic!("in the body")
}

#[tokio::test(start_paused = true)]
async fn a_panic_goes_on_and_leaves_an_unknown_outcome() {
    for finishes in [true, false] {
        let (store, runs) = (Faulty::slow(), Runs::default());
        let (its_store, its_runs) = (store.clone(), runs.clone());
        let task = tokio::spawn(async move {
            let call = call(&POLICY, "k", 1);
            match finishes {
                true => pay(call, &its_store, panics(its_runs)).await,
                false => pay_and_stay(call, &its_store, panics(its_runs)).await,
            }
        });
        assert!(task.await.unwrap_err().is_panic());
        let_it_finish().await;
        assert_eq!(state(&store, "k").await, Some(UNKNOWN), "finishes: {finishes}");
        assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "outcome_unknown");
        assert_eq!(runs.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_after_the_caller_left_leaves_an_unknown_outcome() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    {
        let mut future = Box::pin(pay(call(&POLICY, "k", 1), &store, panics(runs.clone())));
        assert!(poll_once(future.as_mut()).is_pending());
    }
    let_it_finish().await;
    assert_eq!(state(&store, "k").await, Some(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_in_a_destructor_is_survived() {
    #[derive(Clone)]
    struct Panics(MemoryStore);
    impl Store for Panics {
        async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
            self.0.claim(claim).await
        }
        async fn complete(&self, _: &RecordId, _: Token, _: Outcome) -> Result<Held, StoreError> {
            panic!("in the store")
        }
        async fn release(&self, _: &RecordId, _: Token) -> Result<Held, StoreError> {
            panic!("in the store")
        }
        async fn extend(&self, _: &RecordId, _: Token, _: std::time::SystemTime) -> Result<Held, StoreError> {
            panic!("in the store")
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
            panic!("in the store")
        }
        async fn resolve(&self, _: &RecordId, _: Seen, _: Resolution, _: &str) -> Result<Held, StoreError> {
            panic!("in the store")
        }
    }
    let store = Panics(MemoryStore::default());
    let runs = Runs::default();
    {
        let mut future = Box::pin(pay_and_stay(call(&POLICY, "k", 1), &store, std::future::pending()));
        assert!(poll_once(future.as_mut()).is_pending());
    }
    // While the body's own panic unwinds, too.
    let task = tokio::spawn(async move { pay_and_stay(call(&POLICY, "other", 1), &store, panics(runs)).await });
    let error = task.await.unwrap_err().into_panic();
    assert_eq!(error.downcast_ref::<&str>(), Some(&"in the body"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_result_is_written_leaves_an_unknown_outcome() {
    #[derive(serde::Deserialize)]
    struct Bomb;
    impl serde::Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("while it is written")
        }
    }
    type Bombed = Result<Bomb, PayError>;
    let store = MemoryStore::default();
    {
        let body = async { Ok(Ok(Bomb)) };
        let mut future = pin!(run(call(&POLICY, "k", 1), store.clone(), |q: Query<'_, Bombed>| answer(&q), body));
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut())));
        assert!(polled.is_err());
    }
    assert_eq!(state(&store, "k").await, Some(UNKNOWN));
}

#[tokio::test(start_paused = true)]
async fn the_same_client_retrying_gets_the_result_of_the_call_it_left() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let slow = runs.body(Duration::from_secs(2), Ok(Charge { id: 7 }));
    let left = tokio::time::timeout(Duration::from_secs(1), pay(call(&POLICY, "k", 1), &store, slow)).await;
    assert!(left.is_err());
    assert_eq!(code(pay(call(&POLICY, "k", 1), &store, runs.ok()).await), "in_flight");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let paid = pay(call(&POLICY, "k", 1), &store, runs.ok()).await.unwrap().unwrap();
    assert_eq!((paid, runs.count()), (Charge { id: 7 }, 1));
}

#[tokio::test(start_paused = true)]
async fn a_detached_call_keeps_its_lease_and_its_span() {
    use tracing::Instrument as _;
    let store = Faulty::default();
    let subscriber = tracing_subscriber::registry();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (tell, told) = tokio::sync::oneshot::channel();
    let span = tracing::info_span!("request");
    let expected = span.id();
    {
        let body = async move {
            tokio::time::sleep(Duration::from_secs(200)).await;
            tell.send(tracing::Span::current().id()).unwrap();
            Ok(Charge { id: 7 })
        };
        let mut future = Box::pin(pay(call(&POLICY, "k", 1), &store, body).instrument(span));
        assert!(poll_once(future.as_mut()).is_pending());
    }
    assert!(expected.is_some());
    assert_eq!(told.await.unwrap(), expected);
    assert!(store.times(Op::Extend) >= 9);
    let_it_finish().await;
    assert!(is_value(&state(&store, "k").await));
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_polled_after_its_end_stays_pending() {
    let store = MemoryStore::default();
    let runs = Runs::default();
    let codec = |q: Query<'_, Paid>| answer(&q);
    let body = runs.ok();
    let mut future = pin!(finish(call(&POLICY, "k", 1), store.clone(), codec, async { Ok(body.await) }));
    assert!(poll_once(future.as_mut()).is_ready());
    assert!(matches!(poll_once(future.as_mut()), Poll::Pending));
}

#[test]
fn a_call_dropped_outside_its_runtime_still_runs_to_its_end() {
    let (store, runs) = (MemoryStore::default(), Runs::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut future =
        Box::pin(pay(call(&POLICY, "k", 1), &store, runs.body(Duration::from_millis(1), Ok(Charge { id: 7 }))));
    runtime.block_on(async { assert!(poll_once(future.as_mut()).is_pending()) });
    drop(future);
    runtime.block_on(async {
        while !is_value(&state(&store, "k").await) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert_eq!(runs.count(), 1);
}
