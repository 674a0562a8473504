//! Circuits that processes share, over a backend in this process: what it is asked and told, and when.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use crate::circuit_breaker::{
    Admission, Backend, BreakerState, Circuit, CircuitBreaker, Control, Ended, Outcome, Permit, Seen, Shared,
};
use crate::registry::{Describe, Operation, State};
use crate::shared::WhenDown;
use crate::{Reason, Rejection};

/// A server that answers what it is told to, and notes what it hears.
#[derive(Clone)]
struct Server(Arc<Mutex<Inside>>);

struct Inside {
    slow_to_hear: bool,
    answer: Result<Admission, Down>,
    heard: Vec<Heard>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Heard {
    Admit,
    Ended(Permit, Ended),
    Put(Control),
}

#[derive(Clone, Debug)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody answers")
    }
}

impl Error for Down {}

const PERMIT: Permit = Permit { generation: 7, probe: None };
const PROBE: Permit = Permit { generation: 8, probe: Some(1) };

fn closed(failures: u32) -> Seen {
    Seen { failures, generation: 7, ..Seen::new(BreakerState::Closed) }
}

impl Server {
    fn answering(answer: Admission) -> Self {
        Self(Arc::new(Mutex::new(Inside { slow_to_hear: false, answer: Ok(answer), heard: Vec::new() })))
    }

    fn healthy() -> Self {
        Self::answering(Admission::Admitted(Some(PERMIT), closed(0)))
    }

    fn hears(&self, heard: Heard) -> Result<Admission, Down> {
        let mut inside = self.0.lock().unwrap();
        inside.heard.push(heard);
        inside.answer.clone()
    }

    fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.0.lock().unwrap().heard)
    }

    fn slow_to_hear(self) -> Self {
        self.0.lock().unwrap().slow_to_hear = true;
        self
    }

    fn is_slow_to_hear(&self) -> bool {
        self.0.lock().unwrap().slow_to_hear
    }

    fn answers(&self, answer: Result<Admission, Down>) {
        self.0.lock().unwrap().answer = answer;
    }
}

fn seen(answer: Admission) -> Seen {
    match answer {
        Admission::Admitted(_, seen) | Admission::Refused(seen) => seen,
    }
}

impl Backend for Server {
    type Error = Down;

    async fn admit(&self, _: &Circuit<'_>) -> Result<Admission, Down> {
        tokio::task::yield_now().await;
        self.hears(Heard::Admit)
    }

    async fn record(&self, _: &Circuit<'_>, permit: Permit, ended: Ended) -> Result<Seen, Down> {
        if self.is_slow_to_hear() {
            tokio::task::yield_now().await;
        }
        self.hears(Heard::Ended(permit, ended)).map(seen)
    }

    async fn put(&self, _: &Circuit<'_>, control: Control) -> Result<Seen, Down> {
        self.hears(Heard::Put(control)).map(seen)
    }

    async fn look(&self, _: &Circuit<'_>) -> Result<Seen, Down> {
        self.0.lock().unwrap().answer.clone().map(seen)
    }
}

fn breaker(server: &Server) -> CircuitBreaker<Shared<Server>> {
    CircuitBreaker::new("gateway").shared(server.clone(), WhenDown::Refuse)
}

async fn succeeds(breaker: &CircuitBreaker<Shared<Server>>) -> Result<u8, Rejection> {
    breaker.call(async || Ok(17)).await
}

async fn fails(breaker: &CircuitBreaker<Shared<Server>>) {
    let failed = breaker.call_when(|_: &Failed| true, async || Err::<Infallible, _>(Failed)).await;
    assert!(failed.is_err());
}

#[derive(Debug)]
struct Failed;

impl From<Rejection> for Failed {
    fn from(_: Rejection) -> Self {
        Self
    }
}

const fn ended(outcome: Outcome) -> Ended {
    Ended { outcome, slow: false }
}

#[tokio::test]
async fn a_healthy_call_is_one_question() {
    let server = Server::healthy();
    let breaker = breaker(&server);
    assert_eq!(succeeds(&breaker).await.unwrap(), 17);
    assert_eq!(server.heard(), [Heard::Admit]);
    fails(&breaker).await;
    assert_eq!(server.heard(), [Heard::Admit, Heard::Ended(PERMIT, ended(Outcome::Failure))]);
}

#[tokio::test]
async fn a_success_is_told_where_failures_are_known() {
    let server = Server::answering(Admission::Admitted(Some(PERMIT), closed(2)));
    succeeds(&breaker(&server)).await.unwrap();
    assert_eq!(server.heard(), [Heard::Admit, Heard::Ended(PERMIT, ended(Outcome::Success))]);
}

#[tokio::test]
async fn every_call_of_a_breaker_by_rate_is_told() {
    let server = Server::healthy();
    let by_rate = CircuitBreaker::new("gateway").failure_rate(0.5).shared(server.clone(), WhenDown::Refuse);
    succeeds(&by_rate).await.unwrap();
    assert_eq!(server.heard(), [Heard::Admit, Heard::Ended(PERMIT, ended(Outcome::Success))]);
}

#[tokio::test]
async fn a_refusal_says_who_and_until_when_and_nothing_runs() {
    let wait = Duration::from_secs(3);
    let open = Seen { retry_after: Some(wait), ..Seen::new(BreakerState::Open) };
    let server = Server::answering(Admission::Refused(open));
    let breaker = breaker(&server);
    let refused = breaker.call(async || -> Result<(), Rejection> { panic!("it ran") }).await.unwrap_err();
    assert_eq!((refused.code(), refused.name(), refused.retry_after()), ("circuit_open", "gateway", Some(wait)));
    assert_eq!(server.heard(), [Heard::Admit]);
    assert_eq!(breaker.last_seen(), BreakerState::Open);

    server.answers(Ok(Admission::Refused(Seen::new(BreakerState::ForcedOpen))));
    assert!(succeeds(&breaker).await.unwrap_err().to_string().contains("forced open"));
}

#[tokio::test]
async fn a_dropped_probe_gives_its_place_back() {
    let server = Server::answering(Admission::Admitted(Some(PROBE), Seen::new(BreakerState::HalfOpen)));
    let breaker = breaker(&server);
    let call = breaker.call(pending::<Result<(), Rejection>>);
    assert!(tokio::time::timeout(Duration::from_millis(1), call).await.is_err());
    assert_eq!(server.heard(), [Heard::Admit, Heard::Ended(PROBE, ended(Outcome::Neutral))]);
}

#[tokio::test]
async fn a_word_that_nobody_waits_for_any_more_is_told_all_the_same_and_once() {
    let server = Server::answering(Admission::Admitted(Some(PROBE), Seen::new(BreakerState::HalfOpen))).slow_to_hear();
    let breaker = breaker(&server);
    let told = [Heard::Ended(PROBE, ended(Outcome::Success))];
    let cx = &mut Context::from_waker(Waker::noop());
    let mut call = Box::pin(succeeds(&breaker));
    assert!(call.as_mut().poll(cx).is_pending(), "it asks");
    assert!(call.as_mut().poll(cx).is_pending(), "it tells");
    assert_eq!(server.heard(), [Heard::Admit]);
    drop(call);
    assert_eq!(server.heard(), told);

    succeeds(&breaker).await.unwrap();
    assert_eq!(server.heard()[1..], told);
}

#[tokio::test]
async fn a_dropped_call_of_a_closed_circuit_is_not_told() {
    let server = Server::healthy();
    let breaker = breaker(&server);
    let call = breaker.call(pending::<Result<(), Rejection>>);
    assert!(tokio::time::timeout(Duration::from_millis(1), call).await.is_err());
    assert_eq!(server.heard(), [Heard::Admit]);
}

#[tokio::test]
async fn a_panic_counts_and_goes_on() {
    let server = Server::healthy();
    let breaker = Arc::new(breaker(&server));
    let called = breaker.clone();
    let call = tokio::spawn(async move { called.call(async || -> Result<(), Rejection> { panic!("a bug") }).await });
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(server.heard(), [Heard::Admit, Heard::Ended(PERMIT, ended(Outcome::Failure))]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_told_as_slow_also_when_it_was_dropped() {
    let server = Server::healthy();
    let limit = Duration::from_secs(1);
    let by_rate = CircuitBreaker::new("gateway").slow_call(limit).shared(server.clone(), WhenDown::Refuse);
    let call = by_rate.call(pending::<Result<(), Rejection>>);
    assert!(tokio::time::timeout(limit, call).await.is_err());
    let slow = Ended { outcome: Outcome::Neutral, slow: true };
    assert_eq!(server.heard(), [Heard::Admit, Heard::Ended(PERMIT, slow)]);
}

#[tokio::test]
async fn while_the_backend_is_down_the_choice_holds() {
    let server = Server::healthy();
    let admits = CircuitBreaker::new("gateway").shared(server.clone(), WhenDown::Admit);
    let refuses = breaker(&server);
    server.answers(Err(Down));
    assert_eq!(succeeds(&admits).await.unwrap(), 17);
    fails(&admits).await;
    assert_eq!(server.heard(), [Heard::Admit, Heard::Admit], "what was not let through by it is not told");
    let refused = succeeds(&refuses).await.unwrap_err();
    assert!(matches!(refused.reason(), Reason::SharedStateUnavailable(_)));
    assert_eq!(refused.status(), 503);
}

#[tokio::test]
async fn a_call_has_its_answer_where_its_end_cannot_be_told() {
    let server = Server::answering(Admission::Admitted(Some(PROBE), Seen::new(BreakerState::HalfOpen)));
    let breaker = breaker(&server);
    let answer = breaker.call(async || {
        server.answers(Err(Down));
        Ok::<_, Rejection>(17)
    });
    assert_eq!(answer.await.unwrap(), 17);
}

#[tokio::test]
async fn an_operators_word_reaches_the_backend() {
    let server = Server::healthy();
    let breaker = breaker(&server);
    for (operation, control) in [
        (Operation::ForceOpen, Control::ForcedOpen),
        (Operation::Disable, Control::Disabled),
        (Operation::MetricsOnly, Control::MetricsOnly),
        (Operation::Reset, Control::Automatic),
    ] {
        assert!(breaker.operate(operation));
        assert_eq!(server.heard(), [Heard::Put(control)]);
    }
    assert!(!breaker.operate(Operation::Clear));
    let settings = Describe::settings(&breaker);
    assert_eq!((&*settings["when_down"], &*settings["failure_threshold"]), ("refuse", "5"));
    assert!(matches!(Describe::state(&breaker), Some(State::CircuitBreaker { state: "closed", .. })));
}
