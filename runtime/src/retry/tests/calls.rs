//! Calls by a policy, without the attribute.

use std::cell::Cell;
use std::io;

use super::ms;
use crate::retry::{Jitter, RetryBudget, RetryPolicy};
use crate::{Failure, Kind, clock};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault(Kind);

impl Failure for Fault {
    fn kind(&self) -> Kind {
        self.0
    }
}

const DOWN: Fault = Fault(Kind::Transient);

static EXACT: RetryPolicy = RetryPolicy::new("exact").jitter(Jitter::None);

#[tokio::test(start_paused = true)]
async fn it_makes_a_new_future_for_each_attempt() {
    let start = clock::mono();
    let mut made = 0;
    let answer = EXACT.call(|| {
        made += 1;
        let this = made;
        async move {
            tokio::time::sleep(ms(5)).await;
            if this < 3 { Err(DOWN) } else { Ok(this) }
        }
    });
    assert_eq!(answer.await, Ok(3));
    assert_eq!(clock::mono() - start, ms(5 + 100 + 5 + 200 + 5));
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_last_failure_or_with_the_doubt() {
    static REPEATABLE: RetryPolicy = RetryPolicy::new("reads").repeatable();
    let replies = [Fault(Kind::Unknown), DOWN, DOWN];
    let place = Cell::new(0);
    let next = async || {
        place.set(place.get() + 1);
        Err::<(), _>(replies[place.get() - 1])
    };
    assert_eq!(EXACT.call(next).await, Err(Fault(Kind::Unknown)));
    assert_eq!(place.replace(0), 1);
    assert_eq!(REPEATABLE.call(next).await, Err(Fault(Kind::Unknown)));
    assert_eq!(place.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_told_which_it_is_and_when_time_is_over() {
    static SHORT: RetryPolicy = RetryPolicy::new("short").jitter(Jitter::None).max_elapsed(ms(1000));
    let left = Cell::new(Vec::new());
    let answer = SHORT.call_with(|attempt| {
        let mut seen = left.take();
        seen.push((attempt.number(), attempt.deadline().remaining()));
        left.set(seen);
        async { Err::<(), _>(DOWN) }
    });
    assert_eq!(answer.await, Err(DOWN));
    assert_eq!(left.take(), [(1, ms(1000)), (2, ms(900)), (3, ms(700))]);
}

#[tokio::test(start_paused = true)]
async fn a_predicate_says_what_errors_of_others_are() {
    let calls = Cell::new(0);
    let failing = |kind: io::ErrorKind| {
        calls.set(0);
        let calls = &calls;
        EXACT.call_when(
            |error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset,
            move || {
                calls.set(calls.get() + 1);
                async move { Err::<(), _>(io::Error::from(kind)) }
            },
        )
    };
    assert!(failing(io::ErrorKind::ConnectionReset).await.is_err());
    assert_eq!(calls.get(), 3);
    assert!(failing(io::ErrorKind::NotFound).await.is_err());
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_thread_calls_and_sleeps() {
    static QUICK: RetryPolicy = RetryPolicy::new("quick").delay(ms(1)).jitter(Jitter::None);
    let mut calls = 0;
    let answer = QUICK.call_blocking(|| {
        calls += 1;
        if calls < 3 { Err(DOWN) } else { Ok(calls) }
    });
    assert_eq!(answer, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn within_a_budget_it_ends_when_that_is_empty() {
    static MANY: RetryPolicy = RetryPolicy::new("many").max_attempts(50).delay(ms(1));
    let budget = RetryBudget::new("test").ratio(0.0).min_per_second(2).window(ms(1000));
    let calls = Cell::new(0);
    let down = async || {
        calls.set(calls.get() + 1);
        Err::<(), _>(DOWN)
    };
    assert_eq!(MANY.within(&budget).call(down).await, Err(DOWN));
    assert_eq!(calls.replace(0), 3);
    assert_eq!(MANY.within(&budget).call_with(|_| down()).await, Err(DOWN));
    assert_eq!(MANY.within(&budget).call_when(|_: &Fault| true, down).await, Err(DOWN));
    assert_eq!(MANY.within(&budget).call_blocking(|| Err::<(), _>(DOWN)), Err(DOWN));
    assert_eq!(calls.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_in_its_pause_makes_no_attempt_more() {
    let calls = Cell::new(0);
    let call = EXACT.call(async || {
        calls.set(calls.get() + 1);
        Err::<(), _>(DOWN)
    });
    assert!(tokio::time::timeout(ms(50), call).await.is_err());
    tokio::time::sleep(ms(60_000)).await;
    assert_eq!(calls.get(), 1);
}

#[test]
fn its_future_is_sent_and_holds_the_attempts_once() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let room = [0_u8; 1000];
    let call = send(EXACT.call(move || async move {
        tokio::task::yield_now().await;
        Ok::<_, Fault>(room.len())
    }));
    // The closure's copy, and one in the attempt.
    assert!(size_of_val(&call) < 2 * 1000 + 400, "{}", size_of_val(&call));
}
