//! The breaker around futures: what counts, permits, drops, panics, concurrency, time.

use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use crate::circuit_breaker::BreakerState::{self, Closed, HalfOpen, Open};
use crate::circuit_breaker::CircuitBreaker;
use crate::circuit_breaker::rt::circuit_breaker;
use crate::registry::{Describe, State};
use crate::{Failure, Kind, Layer, Reason, Rejection, Signal};

type Answer = Result<u32, Signal>;
type Layered = Result<Answer, Rejection>;

const OK: Layered = Ok(Ok(1));
const TIMEOUT: Duration = Duration::from_secs(30);

fn failed(kind: Kind) -> Layered {
    Ok(Err(Signal::of(kind)))
}

fn of(answer: &Answer) -> Option<Signal> {
    answer.as_ref().err().copied()
}

async fn call(breaker: &CircuitBreaker, ends: Layered) -> Layered {
    circuit_breaker(breaker, of, ready(ends)).await
}

async fn fail(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        let _ = call(breaker, failed(Kind::Transient)).await;
    }
}

/// A breaker that opens at the second failure, and is open.
async fn open() -> CircuitBreaker {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(2);
    fail(&breaker, 2).await;
    assert_eq!(breaker.state(), Open);
    breaker
}

fn failures(breaker: &CircuitBreaker) -> u32 {
    match Describe::state(breaker) {
        Some(State::CircuitBreaker { failures, .. }) => failures,
        other => panic!("{other:?}"),
    }
}

/// Polls once and leaves the rest to the caller.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) {
    let _ = future.poll(&mut Context::from_waker(Waker::noop()));
}

fn refused(answer: &Layered) -> Option<Option<Duration>> {
    match answer.as_ref().err()?.reason() {
        Reason::Open { retry_after } => Some(*retry_after),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_of_failures_opens_it_and_a_probe_closes_it() {
    let breaker = CircuitBreaker::new("gateway");
    fail(&breaker, 4).await;
    assert_eq!((breaker.state(), failures(&breaker)), (Closed, 4));
    fail(&breaker, 1).await;
    assert_eq!(breaker.state(), Open);

    advance(TIMEOUT).await;
    assert_eq!(call(&breaker, OK).await.unwrap(), Ok(1));
    assert_eq!((breaker.state(), failures(&breaker)), (Closed, 0));
}

#[tokio::test]
async fn a_success_forgets_the_row() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(2);
    for _ in 0..10 {
        fail(&breaker, 1).await;
        call(&breaker, OK).await.unwrap().unwrap();
    }
    assert_eq!(breaker.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn an_open_refusal_says_who_and_how_long() {
    let breaker = open().await;
    advance(Duration::from_secs(12)).await;
    let body = async { unreachable!("nothing runs below an open breaker") };
    let rejection = circuit_breaker(&breaker, of, body).await.unwrap_err();
    assert_eq!(rejection.layer(), Layer::CircuitBreaker);
    assert_eq!(rejection.name(), "gateway");
    assert_eq!(rejection.retry_after(), Some(Duration::from_secs(18)));
    assert_eq!(Failure::kind(&rejection), Kind::Refused);
}

/// The breaker's column of the table of kinds, one failure of each sort on a fresh breaker.
#[tokio::test]
async fn what_counts() {
    let layer = |reason| Err(Rejection::new(Layer::Timeout, "below", reason));
    let retry_after = Duration::ZERO;
    for (ends, counts) in [
        (OK, 0),
        (failed(Kind::Transient), 1),
        (failed(Kind::Unknown), 1),
        (failed(Kind::Terminal), 0),
        (failed(Kind::Refused), 0),
        (layer(Reason::TimedOut { after: TIMEOUT }), 1),
        (layer(Reason::Open { retry_after: None }), 0),
        (layer(Reason::Limited { retry_after }), 0),
        (layer(Reason::Conflict), 0),
    ] {
        let breaker = CircuitBreaker::new("gateway");
        let what = format!("{ends:?}");
        let _ = call(&breaker, ends).await;
        assert_eq!(failures(&breaker), counts, "{what}");
    }
}

#[tokio::test]
async fn a_call_that_is_never_polled_is_never_admitted() {
    let breaker = open().await;
    drop(circuit_breaker(&breaker, of, ready(OK)));
    assert_eq!(breaker.state(), Open);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_gives_its_place_back_and_teaches_nothing() {
    let breaker = open().await;
    advance(TIMEOUT).await;
    for _ in 0..3 {
        let mut probe = Box::pin(circuit_breaker(&breaker, of, pending::<Layered>()));
        poll_once(probe.as_mut());
        assert_eq!(refused(&call(&breaker, OK).await), Some(None));
        drop(probe);
        assert_eq!(breaker.state(), HalfOpen);
    }
    call(&breaker, OK).await.unwrap().unwrap();
    assert_eq!(breaker.state(), Closed);
}

/// Drops the probe at each of its await points.
#[tokio::test(start_paused = true)]
async fn a_probe_may_be_dropped_at_any_point() {
    for polls in 0..4 {
        let breaker = open().await;
        advance(TIMEOUT).await;
        let body = async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            OK
        };
        let mut probe = Box::pin(circuit_breaker(&breaker, of, body));
        for _ in 0..polls {
            poll_once(probe.as_mut());
        }
        drop(probe);
        assert_eq!(call(&breaker, OK).await.unwrap(), Ok(1), "after {polls} polls");
        assert_eq!(breaker.state(), Closed);
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_the_row_as_it_is() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(2);
    fail(&breaker, 1).await;
    let mut dropped = Box::pin(circuit_breaker(&breaker, of, pending::<Layered>()));
    poll_once(dropped.as_mut());
    drop(dropped);
    assert_eq!((breaker.state(), failures(&breaker)), (Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn a_neutral_probe_leaves_it_half_open() {
    let breaker = open().await;
    advance(TIMEOUT).await;
    let _ = call(&breaker, failed(Kind::Terminal)).await;
    assert_eq!(breaker.state(), HalfOpen);
    call(&breaker, OK).await.unwrap().unwrap();
    assert_eq!(breaker.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_for_the_whole_timeout() {
    let breaker = open().await;
    advance(TIMEOUT).await;
    fail(&breaker, 1).await;
    assert_eq!(refused(&call(&breaker, OK).await), Some(Some(TIMEOUT)));
}

#[tokio::test(start_paused = true)]
async fn more_successes_than_places_take_several_rounds() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1).half_open_max_calls(2).success_threshold(5);
    fail(&breaker, 1).await;
    advance(TIMEOUT).await;
    for _ in 0..4 {
        call(&breaker, OK).await.unwrap().unwrap();
        assert_eq!(breaker.state(), HalfOpen);
    }
    call(&breaker, OK).await.unwrap().unwrap();
    assert_eq!(breaker.state(), Closed);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_from_before_the_opening_changes_nothing() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
    let (success, failure) = (Notify::new(), Notify::new());
    let after = async |notify: &Notify, ends| {
        notify.notified().await;
        ends
    };
    let mut early = pin!(circuit_breaker(&breaker, of, after(&success, OK)));
    let mut bad = pin!(circuit_breaker(&breaker, of, after(&failure, failed(Kind::Transient))));
    poll_once(early.as_mut());
    poll_once(bad.as_mut());

    fail(&breaker, 1).await;
    success.notify_one();
    early.await.unwrap().unwrap();
    assert_eq!(breaker.state(), Open, "a late success does not close it");

    advance(TIMEOUT).await;
    call(&breaker, OK).await.unwrap().unwrap();
    failure.notify_one();
    let _ = bad.await;
    assert_eq!(
        (breaker.state(), failures(&breaker)),
        (Closed, 0),
        "a late failure does not count in the closed state that followed"
    );
}

#[tokio::test]
async fn a_panic_is_a_failure_and_goes_on() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
    let task = async {
        let _ = circuit_breaker(&breaker, of, async { panic!("boom") }).await;
    };
    let panic = catch_unwind(AssertUnwindSafe(|| poll_once(pin!(task)))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"boom"));
    assert_eq!(breaker.state(), Open);
}

/// Whoever catches the panic may drop the call long after the unwinding.
#[tokio::test]
async fn a_panic_that_somebody_caught_is_a_failure_too() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
    let mut call = Box::pin(circuit_breaker(&breaker, of, async { panic!("boom") }));
    catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut()))).unwrap_err();
    drop(call);
    assert_eq!(breaker.state(), Open);
}

#[tokio::test]
async fn a_call_dropped_by_somebody_elses_panic_is_not_a_failure() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let mut call = Box::pin(circuit_breaker(&breaker, of, pending::<Layered>()));
        poll_once(call.as_mut());
        panic!("not the call's");
    }));
    assert!(unwound.is_err());
    assert_eq!(breaker.state(), Closed);
}

#[tokio::test]
async fn a_panic_in_the_reading_of_the_result_frees_the_place() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1);
    let reads = |_: &Answer| -> Option<Signal> { panic!("boom") };
    let mut call = Box::pin(circuit_breaker(&breaker, reads, ready(failed(Kind::Transient))));
    catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut()))).unwrap_err();
    drop(call);
    assert_eq!(breaker.state(), Open);
}

/// A hundred at once on several threads: exactly the permitted number get in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn half_open_admits_exactly_the_permitted_number() {
    const TIMEOUT: Duration = Duration::from_millis(1);
    for round in 0..50 {
        let breaker: &'static CircuitBreaker = Box::leak(Box::new(
            CircuitBreaker::new("gateway")
                .failure_threshold(1)
                .recovery_timeout(TIMEOUT)
                .half_open_max_calls(3)
                .success_threshold(3),
        ));
        fail(breaker, 1).await;
        sleep(TIMEOUT * 2).await;

        let release: &'static Semaphore = Box::leak(Box::new(Semaphore::new(0)));
        let admitted: &'static AtomicUsize = Box::leak(Box::default());
        let mut calls = JoinSet::new();
        for _ in 0..100 {
            calls.spawn(circuit_breaker(breaker, of, async {
                // One too many ends at once, and is found among the refused.
                if admitted.fetch_add(1, Ordering::SeqCst) < 3 {
                    let _ = release.acquire().await;
                }
                OK
            }));
        }
        // The admitted ones wait for us, so the first 97 to end are the refused ones.
        for _ in 0..97 {
            let answer = calls.join_next().await.unwrap().unwrap();
            assert_eq!(refused(&answer), Some(None), "round {round}");
        }
        assert_eq!(breaker.state(), HalfOpen);
        release.add_permits(100);
        while let Some(answer) = calls.join_next().await {
            answer.unwrap().unwrap().unwrap();
        }
        assert_eq!(breaker.state(), Closed);
    }
}

/// Random calls on several threads leave nothing behind: it can always close again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_leaks_under_load() {
    let breaker: &'static CircuitBreaker = Box::leak(Box::new(
        CircuitBreaker::new("gateway")
            .failure_threshold(2)
            .recovery_timeout(Duration::from_micros(50))
            .half_open_max_calls(2)
            .success_threshold(3),
    ));
    let tasks: Vec<_> = (0..8_usize)
        .map(|task| {
            tokio::spawn(async move {
                for n in 0..3_000 {
                    let ends = match (n * 7 + task) % 5 {
                        0 | 1 => failed(Kind::Transient),
                        2 => failed(Kind::Terminal),
                        _ => OK,
                    };
                    let body = async {
                        tokio::task::yield_now().await;
                        ends
                    };
                    let mut call = Box::pin(circuit_breaker(breaker, of, body));
                    match n % 3 {
                        0 => poll_once(call.as_mut()),
                        _ => drop(call.await),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for _ in 0..10 {
        sleep(Duration::from_millis(1)).await;
        let _ = call(breaker, OK).await;
    }
    assert_eq!((breaker.state(), failures(breaker)), (Closed, 0));
}

/// Somebody else holds the lock, and the healthy path does not notice.
#[test]
fn a_clean_breaker_takes_no_lock() {
    let breaker: &'static CircuitBreaker = Box::leak(Box::new(CircuitBreaker::new("gateway")));
    let (done, ended) = mpsc::channel();
    breaker.while_locked(|| {
        std::thread::spawn(move || {
            poll_once(pin!(call(breaker, OK)));
            poll_once(pin!(call(breaker, failed(Kind::Terminal))));
            poll_once(pin!(circuit_breaker(breaker, of, pending::<Layered>())));
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(20)).unwrap();
    });
}

#[test]
fn it_adds_little_to_a_call() {
    let breaker = CircuitBreaker::new("gateway");
    let guarded = circuit_breaker(&breaker, of, ready(OK));
    assert!(size_of_val(&guarded) <= size_of_val(&ready(OK)) + 24);
}

/// No runtime, so no paused clock either: the machine's counts.
#[test]
fn it_works_outside_a_runtime() {
    let breaker = CircuitBreaker::new("gateway").failure_threshold(1).recovery_timeout(Duration::from_nanos(1));
    let poll = |ends| {
        let mut call = pin!(circuit_breaker(&breaker, of, ready(ends)));
        call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    };
    assert!(poll(failed(Kind::Transient)).is_ready());
    assert_eq!(breaker.state(), Open);
    std::thread::sleep(Duration::from_millis(1));
    assert!(poll(OK).is_ready());
    assert_eq!(breaker.state(), Closed);
}

#[tokio::test]
async fn a_call_polled_after_its_end_does_not_run_again() {
    let breaker = open().await;
    let body = async { unreachable!("nothing runs below an open breaker") };
    let mut call = Box::pin(circuit_breaker(&breaker, of, body));
    assert!(call.as_mut().await.is_err());
    poll_once(call.as_mut());
}

#[tokio::test(start_paused = true)]
async fn it_describes_itself() {
    let breaker = CircuitBreaker::new("gateway")
        .failure_threshold(2)
        .recovery_timeout(Duration::from_millis(1500))
        .half_open_max_calls(3)
        .success_threshold(4);
    let settings: Vec<_> = breaker.settings().into_iter().collect();
    let expected = [
        ("failure_threshold", "2"),
        ("half_open_max_calls", "3"),
        ("recovery_timeout", "1.5s"),
        ("success_threshold", "4"),
    ];
    assert_eq!(settings, expected.map(|(k, v)| (k, v.to_owned())));

    let state = |state: BreakerState, failures, retry_after| {
        Some(State::CircuitBreaker {
            state: state.as_str(),
            failures,
            retry_after,
            calls: None,
            failure_rate: None,
            slow_rate: None,
            would_be: None,
        })
    };
    fail(&breaker, 1).await;
    assert_eq!(Describe::state(&breaker), state(Closed, 1, None));
    fail(&breaker, 1).await;
    advance(Duration::from_secs(1)).await;
    assert_eq!(Describe::state(&breaker), state(Open, 0, Some(0.5)));
    advance(Duration::from_secs(1)).await;
    assert_eq!(Describe::state(&breaker), state(Open, 0, Some(0.0)));
}

#[test]
fn settings_that_cannot_be_right_are_named() {
    let new = || CircuitBreaker::new("gateway");
    for (error, setting) in [
        (new().try_failure_threshold(0).unwrap_err(), "failure_threshold"),
        (new().try_recovery_timeout(Duration::ZERO).unwrap_err(), "recovery_timeout"),
        (new().try_half_open_max_calls(0).unwrap_err(), "half_open_max_calls"),
        (new().try_success_threshold(0).unwrap_err(), "success_threshold"),
    ] {
        assert_eq!(error.setting(), setting);
    }
}
