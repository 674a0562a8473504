use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Timeout;
use super::rt::timeout;
use crate::registry::Describe;
use crate::{Failure, Kind, Layer, Reason, Rejection, clock};

static LIMIT: Timeout = Timeout::new("gateway", Duration::from_secs(2));

type Answer = Result<u32, Rejection>;

/// Tells when it is dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn answer_after(time: Duration) -> Answer {
    tokio::time::sleep(time).await;
    Ok(1)
}

#[test]
fn an_answer_that_is_there_needs_neither_timer_nor_runtime() {
    let mut call = pin!(timeout(&LIMIT, ready(Answer::Ok(1))));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(1))));
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_the_time_does() {
    let start = clock::mono();
    let rejection = timeout(&LIMIT, pending::<Answer>()).await.unwrap_err();
    assert_eq!(clock::mono() - start, LIMIT.after());
    assert_eq!((rejection.layer(), rejection.name()), (Layer::Timeout, "gateway"));
    assert!(matches!(rejection.reason(), Reason::TimedOut { after } if *after == LIMIT.after()));
    assert_eq!(Failure::kind(&rejection), Kind::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_is_handed_on() {
    let answer = timeout(&LIMIT, answer_after(Duration::from_millis(1_999))).await;
    assert_eq!(answer.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_together_with_the_end_counts() {
    assert_eq!(timeout(&LIMIT, answer_after(LIMIT.after())).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_from_below_is_handed_on() {
    let refused = Rejection::new(Layer::CircuitBreaker, "api", Reason::Open { retry_after: None });
    let answer: Answer = timeout(&LIMIT, async { Err(refused) }).await;
    assert_eq!(answer.unwrap_err().code(), "circuit_open");
}

#[tokio::test(start_paused = true)]
async fn the_time_runs_from_the_first_poll_that_waits() {
    let call = timeout(&LIMIT, answer_after(Duration::from_secs(1)));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(call.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_timed_out_is_dropped_before_the_refusal_is_seen() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Flag(dropped.clone());
    let mut call = pin!(timeout(&LIMIT, async move {
        let _flag = flag;
        pending::<Answer>().await
    }));
    let answer = poll_fn(|cx| call.as_mut().poll(cx)).await;
    // The call itself still lives here.
    assert!(answer.is_err() && dropped.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_drops_its_body() {
    let dropped = Arc::new(AtomicBool::new(false));
    for polled in [false, true] {
        dropped.store(false, Ordering::SeqCst);
        let flag = Flag(dropped.clone());
        let mut call = Box::pin(timeout(&LIMIT, async move {
            let _flag = flag;
            pending::<Answer>().await
        }));
        if polled {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut cx).is_pending());
        }
        drop(call);
        assert!(dropped.load(Ordering::SeqCst), "polled: {polled}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_goes_on() {
    let task = tokio::spawn(timeout(&LIMIT, async {
        tokio::task::yield_now().await;
        if true {
            panic!("boom");
        }
        Answer::Ok(1)
    }));
    assert!(task.await.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_uses_up_the_budget_is_ended_too() {
    // It never waits for anything but its own budget.
    let busy = async {
        loop {
            tokio::task::consume_budget().await;
        }
    };
    let call = tokio::spawn(timeout::<u32, _, _>(&LIMIT, busy));
    tokio::task::yield_now().await;
    tokio::time::advance(LIMIT.after()).await;
    let mut rounds = 0;
    while !call.is_finished() {
        rounds += 1;
        assert!(rounds < 100, "the body runs on");
        tokio::task::yield_now().await;
    }
    assert_eq!(call.await.unwrap().unwrap_err().code(), "timed_out");
}

#[tokio::test(start_paused = true)]
async fn a_limit_beyond_all_time_does_not_overflow() {
    let forever = Timeout::new("gateway", Duration::MAX);
    assert_eq!(timeout(&forever, answer_after(Duration::from_secs(9))).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_inner_of_two_limits_comes_first() {
    let inner = Timeout::new("attempt", Duration::from_secs(1));
    let answer = timeout(&LIMIT, timeout(&inner, pending::<Answer>())).await;
    assert_eq!(answer.unwrap_err().name(), "attempt");
}

#[test]
fn it_describes_itself_in_the_attributes_words() {
    assert_eq!(LIMIT.settings()["after"], "2s");
    assert_eq!(Timeout::new("x", Duration::from_millis(1_500)).settings()["after"], "1.5s");
}

#[test]
fn zero_is_refused() {
    assert_eq!(Timeout::try_new("x", Duration::ZERO).unwrap_err().setting(), "after");
}

#[tokio::test(start_paused = true)]
async fn a_length_from_outside_is_in_force_once() {
    let limit = Timeout::new("gateway", Duration::from_secs(2));
    let configure = |json| Describe::configure(&limit, &json).map_err(|error| error.to_string());
    assert_eq!(configure(serde_json::json!({ "after": "0s" })), Err("`after` must be longer than zero".to_owned()));
    assert!(configure(serde_json::json!({ "aftre": "5s" })).unwrap_err().contains("expected `after`"));
    assert_eq!(configure(serde_json::json!({ "after": "5s" })), Ok(()));
    assert!(configure(serde_json::json!({ "after": "6s" })).is_err());
    assert_eq!(limit.settings()["after"], "5s");
    assert!(timeout(&limit, answer_after(Duration::from_secs(4))).await.is_ok());
    assert!(timeout(&limit, answer_after(Duration::from_secs(6))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_call_by_hand_ends_in_the_functions_own_error() {
    let call = LIMIT.call(async || answer_after(Duration::from_secs(3)).await);
    assert_eq!(call.await.unwrap_err().code(), "timed_out");
    assert_eq!(LIMIT.call(|| answer_after(Duration::from_secs(1))).await.unwrap(), 1);
}
