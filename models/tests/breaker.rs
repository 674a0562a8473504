//! Threads that meet at a breaker.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shuttle::future::{block_on, yield_now};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;
use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
use steadfast::{Failure, Rejection, circuit_breaker};

const ROUNDS: usize = 2_000;

#[derive(Debug, Failure)]
enum Error {
    #[failure(transient)]
    Down,
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// A call that other threads may overtake, and how many of its kind run at once.
#[circuit_breaker(breaker)]
async fn probe(breaker: &CircuitBreaker, running: &AtomicUsize, answer: Result<(), Error>) -> Result<usize, Error> {
    let at_once = running.fetch_add(1, Ordering::SeqCst) + 1;
    yield_now().await;
    running.fetch_sub(1, Ordering::SeqCst);
    answer.map(|()| at_once)
}

fn open(breaker: &CircuitBreaker) {
    assert!(block_on(probe(breaker, &AtomicUsize::new(0), Err(Error::Down))).is_err());
}

#[test]
fn half_open_lets_one_probe_through_at_once() {
    shuttle::check_random(
        || {
            let breaker = CircuitBreaker::new("model").failure_threshold(1).success_threshold(3);
            let breaker = Arc::new(breaker.recovery_timeout(Duration::from_nanos(1)));
            let running = Arc::new(AtomicUsize::new(0));
            open(&breaker);
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let (breaker, running) = (breaker.clone(), running.clone());
                    thread::spawn(move || block_on(probe(&breaker, &running, Ok(()))).ok())
                })
                .collect();
            let at_once: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect();
            assert!(!at_once.is_empty(), "nobody was let through");
            assert!(at_once.iter().all(|&at_once| at_once == 1), "{at_once:?}");
            // What they did not do is left, and no place is lost.
            for _ in at_once.len()..3 {
                assert!(block_on(probe(&breaker, &running, Ok(()))).is_ok());
            }
            assert_eq!(breaker.state(), BreakerState::Closed);
        },
        ROUNDS,
    );
}

#[test]
fn an_outcome_from_before_the_circuit_opened_does_not_close_it() {
    shuttle::check_random(
        || {
            let breaker = Arc::new(CircuitBreaker::new("model").failure_threshold(1));
            let early = {
                let breaker = breaker.clone();
                thread::spawn(move || block_on(probe(&breaker, &AtomicUsize::new(0), Ok(()))).is_ok())
            };
            open(&breaker);
            early.join().unwrap();
            assert_eq!(breaker.state(), BreakerState::Open);
        },
        ROUNDS,
    );
}

#[test]
fn a_probe_that_is_dropped_gives_its_place_back() {
    shuttle::check_random(
        || {
            let breaker = CircuitBreaker::new("model").failure_threshold(1);
            let breaker = Arc::new(breaker.recovery_timeout(Duration::from_nanos(1)));
            open(&breaker);
            let dropped = {
                let breaker = breaker.clone();
                thread::spawn(move || {
                    let running = AtomicUsize::new(0);
                    let mut call = pin!(probe(&breaker, &running, Ok(())));
                    let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    assert!(!matches!(polled, Poll::Ready(Ok(_))));
                })
            };
            let meanwhile = block_on(probe(&breaker, &AtomicUsize::new(0), Ok(()))).is_ok();
            dropped.join().unwrap();
            let after = block_on(probe(&breaker, &AtomicUsize::new(0), Ok(()))).is_ok();
            assert!(meanwhile || after, "its place is lost");
            assert_eq!(breaker.state(), BreakerState::Closed);
        },
        ROUNDS,
    );
}

/// Successes are counted without the breaker's lock: whoever ends last must find all of them, or the
/// last outcome would not open it.
#[test]
fn whoever_ends_last_opens_a_breaker_by_rate() {
    shuttle::check_random(
        || {
            let breaker = CircuitBreaker::new("model").failure_rate(0.5).minimum_calls(4);
            let breaker = Arc::new(breaker.window(Duration::from_secs(3600)));
            let threads: Vec<_> = [Ok(()), Err(Error::Down), Ok(()), Err(Error::Down)]
                .into_iter()
                .map(|answer| {
                    let breaker = breaker.clone();
                    thread::spawn(move || {
                        let _ = block_on(probe(&breaker, &AtomicUsize::new(0), answer));
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(breaker.state(), BreakerState::Open);
        },
        ROUNDS,
    );
}

/// A success that is counted while the breaker opens and closes again belongs to the time before.
#[test]
fn a_success_from_before_does_not_count_in_the_closed_state_that_follows() {
    shuttle::check_random(
        || {
            let breaker = CircuitBreaker::new("model").failure_rate(1.0).minimum_calls(1);
            let breaker = breaker.window(Duration::from_secs(3600)).recovery_timeout(Duration::from_nanos(1));
            let breaker = Arc::new(breaker);
            let early = {
                let breaker = breaker.clone();
                thread::spawn(move || {
                    let _ = block_on(probe(&breaker, &AtomicUsize::new(0), Ok(())));
                })
            };
            breaker.reset();
            let passed = breaker.state() == BreakerState::Closed;
            early.join().unwrap();
            breaker.reset();
            open(&breaker);
            assert!(passed && breaker.state() == BreakerState::Open, "nothing from before is in the window");
        },
        ROUNDS,
    );
}
