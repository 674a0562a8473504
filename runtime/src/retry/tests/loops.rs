use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use super::ms;
use crate::__rt::Refusal;
use crate::retry::rt::{Attempts, Step};
use crate::retry::{Jitter, RetryPolicy, Retrying};
use crate::{Failure, Kind, Layer, Reason, Rejection, Signal, clock};

#[derive(Debug, PartialEq, Eq)]
struct Fault(Kind, Option<Duration>);

impl Failure for Fault {
    fn kind(&self) -> Kind {
        self.0
    }
    fn retry_after(&self) -> Option<Duration> {
        self.1
    }
}

type Answer = Result<u32, Fault>;

const DOWN: Fault = Fault(Kind::Transient, None);

fn word(answer: &Answer) -> Option<Signal> {
    answer.as_ref().err().map(Failure::signal)
}

/// What follows an attempt, as an expansion asks for it.
fn after<J: Refusal>(
    attempts: &mut Attempts<'_, Result<Answer, J>>,
    result: Result<Answer, J>,
) -> Step<Result<Answer, J>> {
    match attempts.failed(&result, word) {
        None => Step::Done(result),
        Some(failed) => attempts.next(result, failed),
    }
}

/// The loop as an expansion writes it.
async fn run(
    policy: &RetryPolicy,
    mut call: impl AsyncFnMut(u32) -> Result<Answer, Rejection>,
) -> Result<Answer, Rejection> {
    let mut attempts = Attempts::start(policy);
    loop {
        let result = call(attempts.number()).await;
        match after(&mut attempts, result) {
            Step::Again(pause) => pause.await,
            Step::Done(result) => break result,
        }
    }
}

fn exact() -> RetryPolicy {
    RetryPolicy::new("test").jitter(Jitter::None)
}

#[tokio::test(start_paused = true)]
async fn it_pauses_between_attempts_and_not_after_the_last() {
    let start = clock::mono();
    let answer = run(&exact(), async |_| Ok(Err(DOWN))).await;
    assert_eq!(answer.unwrap(), Err(DOWN));
    assert_eq!(clock::mono() - start, ms(100 + 200));
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_the_first_success() {
    let calls = Cell::new(0);
    let answer = run(&exact().max_attempts(9), async |number| {
        calls.set(number);
        Ok(if number == 3 { Ok(7) } else { Err(DOWN) })
    })
    .await;
    assert_eq!(answer.unwrap(), Ok(7));
    assert_eq!(calls.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_elapsed_time_of_attempts_counts() {
    let calls = Cell::new(0);
    let policy = exact().max_attempts(9).max_elapsed(ms(1_000));
    let start = clock::mono();
    let answer = run(&policy, async |number| {
        calls.set(number);
        tokio::time::sleep(ms(400)).await;
        Ok(Err(DOWN))
    })
    .await;
    assert_eq!(answer.unwrap(), Err(DOWN));
    // 400 + 100 + 400, and a pause of 200 would end at 1,100.
    assert_eq!((calls.get(), clock::mono() - start), (2, ms(900)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_tried_again_when_its_wait_fits() {
    let limited = |wait| Err(Rejection::new(Layer::RateLimit, "api", Reason::Limited { retry_after: wait }));
    let start = clock::mono();
    let answer = run(&exact(), async |number| match number {
        1 => limited(ms(1_234)),
        _ => Ok(Ok(number)),
    })
    .await;
    assert_eq!(answer.unwrap(), Ok(2));
    assert_eq!(clock::mono() - start, ms(1_234));

    let start = clock::mono();
    let refused = run(&exact(), async |_| limited(ms(30_000))).await;
    assert_eq!(refused.unwrap_err().code(), "rate_limited");
    assert_eq!(clock::mono(), start);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_repeated_only_where_that_is_safe() {
    async fn calls(policy: &RetryPolicy) -> u32 {
        let calls = Cell::new(0);
        let answer = run(policy, async |number| {
            calls.set(number);
            Err(Rejection::new(Layer::Timeout, "api", Reason::TimedOut { after: ms(1) }))
        })
        .await;
        assert_eq!(answer.unwrap_err().code(), "timed_out");
        calls.get()
    }
    assert_eq!(calls(&exact()).await, 1);
    assert_eq!(calls(&exact().repeatable()).await, 3);
}

#[tokio::test]
async fn a_pause_of_zero_lets_others_run_without_a_timer() {
    let policy = exact().delay(Duration::ZERO).max_attempts(u32::MAX).no_max_elapsed();
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let other = tokio::spawn({
        let seen = seen.clone();
        async move { seen.store(true, std::sync::atomic::Ordering::SeqCst) }
    });
    // It ends only when the other task of this one thread has run.
    let answer =
        run(&policy, async |_| Ok(if seen.load(std::sync::atomic::Ordering::SeqCst) { Ok(1) } else { Err(DOWN) }));
    assert_eq!(answer.await.unwrap(), Ok(1));
    other.await.unwrap();
}

#[test]
fn a_pause_of_zero_needs_no_runtime() {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};
    let policy = exact().delay(Duration::ZERO);
    let mut attempts = Attempts::start(&policy);
    let Step::Again(pause) = after(&mut attempts, Ok::<_, Infallible>(Err(DOWN))) else {
        panic!("no second attempt");
    };
    let mut pause = std::pin::pin!(pause);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(pause.as_mut().poll(&mut cx), Poll::Pending);
    assert_eq!(pause.as_mut().poll(&mut cx), Poll::Ready(()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_all_time_is_slept_without_overflow() {
    let policy = exact().no_max_elapsed();
    let forever = Fault(Kind::Transient, Some(Duration::MAX));
    let mut attempts = Attempts::start(&policy);
    let Step::Again(pause) = after(&mut attempts, Ok::<_, Infallible>(Err(forever))) else {
        panic!("no second attempt");
    };
    assert!(tokio::time::timeout(ms(86_400_000), pause).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_told_of_every_pause() {
    static TOLD: Mutex<Vec<(String, u32, Duration, Kind)>> = Mutex::new(Vec::new());
    fn tell(event: &Retrying<'_>) {
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).push((
            event.name().to_owned(),
            event.attempt(),
            event.pause(),
            event.kind(),
        ));
    }
    let policy = exact().on_retry(tell).repeatable();
    let answer = run(&policy, async |number| match number {
        1 => Ok(Err(DOWN)),
        _ => Err(Rejection::new(Layer::Timeout, "api", Reason::TimedOut { after: ms(1) })),
    });
    assert!(answer.await.is_err());
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(
        told,
        [("test".to_owned(), 1, ms(100), Kind::Transient), ("test".to_owned(), 2, ms(200), Kind::Unknown),]
    );
}

#[tokio::test(start_paused = true)]
async fn it_may_be_dropped_at_every_await() {
    for polls in 0..8 {
        let policy = exact();
        let future = run(&policy, async |_| {
            tokio::time::sleep(ms(50)).await;
            Ok(Err(DOWN))
        });
        let limit = ms(60 * polls);
        let _ = tokio::time::timeout(limit, future).await;
    }
}

#[test]
fn a_retried_future_is_send_and_its_pause_small() {
    fn send<T: Send>(_: T) {}
    static POLICY: RetryPolicy = RetryPolicy::new("test");
    send(async {
        let mut attempts = Attempts::start(&POLICY);
        loop {
            let result: Result<Answer, Rejection> = async { Ok(Ok(1)) }.await;
            match after(&mut attempts, result) {
                Step::Again(pause) => pause.await,
                Step::Done(result) => break result,
            }
        }
    });
    assert!(size_of::<crate::retry::rt::Pause>() <= 128);
}

const LOST: Fault = Fault(Kind::Unknown, None);

/// An attempt that may have happened is not made undone by one that surely did not.
#[tokio::test(start_paused = true)]
async fn an_unknown_attempt_is_not_forgotten_when_the_last_one_says_nothing() {
    let policy = exact().repeatable();
    for last in [DOWN, Fault(Kind::Refused, None)] {
        let last = &last;
        let answer = run(&policy, async |number| Ok(Err(if number == 1 { LOST } else { Fault(last.0, last.1) }))).await;
        assert_eq!(answer.unwrap(), Err(LOST));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timed_out_attempt_is_not_forgotten_when_the_circuit_opens() {
    let policy = exact().repeatable();
    let refused = |reason| Rejection::new(Layer::Timeout, "gateway", reason);
    let answer = run(&policy, async |number| match number {
        1 => Err(refused(Reason::TimedOut { after: ms(5) })),
        _ => Err(refused(Reason::Open { retry_after: None })),
    });
    assert!(matches!(answer.await.unwrap_err().reason(), Reason::TimedOut { .. }));
}

/// A definite answer makes it known.
#[tokio::test(start_paused = true)]
async fn a_definite_answer_ends_the_doubt() {
    let policy = exact().repeatable();
    let declined = || Fault(Kind::Terminal, None);
    let answer = run(&policy, async |number| Ok(if number == 1 { Err(LOST) } else { Err(declined()) })).await;
    assert_eq!(answer.unwrap(), Err(declined()));
    let answer = run(&policy, async |number| Ok(if number == 1 { Err(LOST) } else { Ok(7) })).await;
    assert_eq!(answer.unwrap(), Ok(7));
}

#[test]
fn a_thread_sleeps_through_a_pause_without_a_runtime() {
    let policy = exact().delay(ms(20));
    let mut attempts = Attempts::start(&policy);
    let before = std::time::Instant::now();
    for _ in 0..2 {
        let Step::Again(pause) = after(&mut attempts, Ok::<_, Infallible>(Err(DOWN))) else {
            panic!("no other attempt");
        };
        pause.block();
    }
    assert!(before.elapsed() >= ms(20 + 40));
}

#[test]
fn a_pause_of_zero_blocks_nobody() {
    let policy = exact().delay(Duration::ZERO);
    let mut attempts = Attempts::start(&policy);
    let Step::Again(pause) = after(&mut attempts, Ok::<_, Infallible>(Err(DOWN))) else {
        panic!("no second attempt");
    };
    pause.block();
}
