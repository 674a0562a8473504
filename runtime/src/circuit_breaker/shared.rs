//! A breaker whose state several processes share.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::backend::{Admission, Backend, Circuit, Ended, Opens, Outcome, Permit, Seen};
use super::future::{Answer, outcome};
use super::policy::Policy;
use super::scheme::Scheme;
use super::{BreakerState, CircuitBreaker, decision};
use crate::idempotent::best_effort::best_effort;
use crate::moment::Moment;
use crate::shared::{Outage, WhenDown};
use crate::sync::Mutex;
use crate::{Layer, Rejection, Signal, clock, observe};

/// The state of a [`CircuitBreaker`] that lies behind a [`Backend`], where all processes see it.
///
/// [`CircuitBreaker::shared`] makes a breaker with it; the type is of use for a field:
///
/// ```
/// use steadfast::circuit_breaker::{Backend, CircuitBreaker, Shared};
///
/// struct App<B: Backend> {
///     gateway: CircuitBreaker<Shared<B>>,
/// }
/// ```
#[derive(Debug)]
pub struct Shared<B> {
    pub(super) backend: B,
    pub(super) outage: Outage,
    pub(super) memory: Arc<Memory>,
    pub(super) probe_lease: Duration,
}

/// How the circuit stood when this process last had an answer.
#[derive(Debug)]
pub(super) struct Memory {
    name: &'static str,
    seen: Mutex<Seen>,
}

impl Memory {
    pub(super) fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, seen: Mutex::new(Seen::new(BreakerState::Closed)) })
    }

    pub(super) fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever listens of a change, once in each process.
    pub(super) fn learn(&self, seen: Seen) {
        let before = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), seen);
        if before.state != seen.state {
            observe::breaker_changed(self.name, before.state.as_str(), seen.state.as_str());
        }
        if let (Some(from), Some(to)) = (before.would_be, seen.would_be)
            && from != to
        {
            observe::breaker_would_change(self.name, from.as_str(), to.as_str());
        }
    }
}

impl<B: Backend> CircuitBreaker<Shared<B>> {
    pub(super) fn circuit(&self) -> Circuit<'static> {
        self.policy.get().circuit(self.name, self.state.probe_lease)
    }

    /// Lets a call through, or not. `None` where its end teaches nothing.
    async fn admit(&self) -> Result<Option<Permit>, Rejection> {
        let Shared { backend, outage, memory, .. } = &self.state;
        let answer = match backend.admit(&self.circuit()).await {
            Ok(answer) => answer,
            Err(error) => return outage.answer(self.name, error).map(|()| None),
        };
        outage.over(self.name);
        match answer {
            Admission::Admitted(permit, seen) => {
                memory.learn(seen);
                Ok(permit)
            }
            Admission::Refused(seen) => {
                memory.learn(seen);
                Err(match seen.state {
                    BreakerState::ForcedOpen => Rejection::forced_open(self.name),
                    _ => Rejection::open(self.name, seen.retry_after),
                })
            }
        }
    }
}

impl Policy {
    fn circuit(&self, name: &'static str, probe_lease: Duration) -> Circuit<'static> {
        let opens = match &self.rate {
            None => Opens::InARow(self.row()),
            Some(rate) => Opens::ByRate {
                window: rate.window,
                minimum_calls: rate.minimum_calls(),
                failure_rate: rate.failure_rate,
                slow_rate: rate.slow_call.map(|_| rate.slow_rate()),
            },
        };
        Circuit {
            name,
            opens,
            recovery_timeout: self.recovery_timeout,
            recovery_backoff: self.recovery_backoff.unwrap_or(1.0),
            max_recovery_timeout: self.longest_recovery(),
            half_open_max_calls: self.half_open_max_calls,
            success_threshold: self.success_threshold,
            probe_lease,
        }
    }
}

/// A call that was let through, until its end is told. Dropping it tells that it was dropped, or, when
/// that happens because a poll has not returned, that it panicked.
struct Held<'a, B: Backend> {
    breaker: &'a CircuitBreaker<Shared<B>>,
    permit: Option<Permit>,
    /// Where calls may be slow.
    began: Option<Instant>,
    polling: bool,
}

impl<'a, B: Backend> Held<'a, B> {
    fn new(breaker: &'a CircuitBreaker<Shared<B>>, permit: Option<Permit>) -> Self {
        let timed = permit.is_some() && breaker.policy.get().rate.is_some_and(|rate| rate.slow_call.is_some());
        Self { breaker, permit, began: timed.then(clock::mono), polling: false }
    }

    /// What there is to be told, once.
    fn word(&mut self, outcome: decision::Outcome) -> Option<(Permit, Ended)> {
        let permit = self.permit.take()?;
        let slow = outcome != decision::Outcome::Refused && self.is_slow();
        let outcome = match outcome {
            decision::Outcome::Success => Outcome::Success,
            decision::Outcome::Failure => Outcome::Failure,
            decision::Outcome::Neutral | decision::Outcome::Refused => Outcome::Neutral,
        };
        let by_rate = self.breaker.policy.get().rate.is_some();
        let changes = match outcome {
            _ if permit.probe.is_some() || slow => true,
            Outcome::Failure => true,
            Outcome::Neutral => false,
            // In a row: only where failures are remembered, as far as this process knows.
            Outcome::Success => by_rate || self.breaker.state.memory.seen().failures > 0,
        };
        changes.then_some((permit, Ended { outcome, slow }))
    }

    fn is_slow(&self) -> bool {
        let rate = self.breaker.policy.get().rate;
        let limit = rate.and_then(|rate| rate.slow_call);
        match (limit, self.began) {
            (Some(limit), Some(began)) => clock::mono().saturating_duration_since(began) >= limit,
            _ => false,
        }
    }

    fn end(&mut self, outcome: decision::Outcome) -> Telling {
        let Some((permit, ended)) = self.word(outcome) else { return Telling(None) };
        let (name, circuit) = (self.breaker.name, self.breaker.circuit());
        let state = self.breaker.state.again();
        Telling(Some(Box::pin(async move { tell(&state, name, &circuit, permit, ended).await })))
    }
}

impl<B: Backend> Drop for Held<'_, B> {
    fn drop(&mut self) {
        let outcome = if self.polling { decision::Outcome::Failure } else { decision::Outcome::Neutral };
        drop(self.end(outcome));
    }
}

/// A word on its way; `None` where there is nothing to be told. Whoever stops waiting for it leaves it
/// to the runtime: it is told once, neither lost nor told again.
struct Telling(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Telling {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut word) = self.0.take() else { return Poll::Ready(()) };
        let told = word.as_mut().poll(cx);
        if told.is_pending() {
            self.0 = Some(word);
        }
        told
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        if let Some(word) = self.0.take() {
            best_effort(word);
        }
    }
}

impl<B: Backend> Shared<B> {
    /// The same state, for what outlives the borrow of the breaker.
    pub(super) fn again(&self) -> Self {
        Self {
            backend: self.backend.clone(),
            outage: Outage::new(Layer::CircuitBreaker, self.outage.when_down),
            memory: Arc::clone(&self.memory),
            probe_lease: self.probe_lease,
        }
    }
}

/// Tells what became of a call. Where that cannot be told, the call has its answer all the same.
async fn tell<B: Backend>(state: &Shared<B>, name: &'static str, circuit: &Circuit<'_>, permit: Permit, ended: Ended) {
    match state.backend.record(circuit, permit, ended).await {
        Ok(seen) => state.memory.learn(seen),
        Err(error) => observe::shared_state_untold(Layer::CircuitBreaker, name, "ended", &error),
    }
}

pin_project! {
    /// A call under a shared breaker.
    pub struct Guarded<'a, B: Backend, F, C, R> {
        breaker: &'a CircuitBreaker<Shared<B>>,
        of: C,
        #[pin]
        inner: F,
        stage: Stage<'a, B, R>,
    }
}

/// The question and the word afterwards go over a network, so a box each does not count.
enum Stage<'a, B: Backend, R> {
    New,
    Asking(Pin<Box<dyn Future<Output = Result<Option<Permit>, Rejection>> + Send + 'a>>),
    Running(Held<'a, B>),
    Telling(Telling, R),
    Done,
}

impl<T, E, B, F, C> Future for Guarded<'_, B, F, C, Answer<T, E>>
where
    B: Backend,
    F: Future<Output = Answer<T, E>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
{
    type Output = Answer<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            *this.stage = match std::mem::replace(this.stage, Stage::Done) {
                Stage::New => Stage::Asking(Box::pin(this.breaker.admit())),
                Stage::Asking(mut asking) => match asking.as_mut().poll(cx) {
                    Poll::Ready(Ok(permit)) => Stage::Running(Held::new(this.breaker, permit)),
                    Poll::Ready(Err(refusal)) => return Poll::Ready(Err(refusal)),
                    Poll::Pending => {
                        *this.stage = Stage::Asking(asking);
                        return Poll::Pending;
                    }
                },
                Stage::Running(mut held) => {
                    // Dropped in this moment, it is because the poll panics.
                    held.polling = true;
                    let polled = this.inner.as_mut().poll(cx);
                    held.polling = false;
                    let Poll::Ready(answer) = polled else {
                        *this.stage = Stage::Running(held);
                        return Poll::Pending;
                    };
                    let outcome = outcome(&answer, &*this.of);
                    Stage::Telling(held.end(outcome), answer)
                }
                Stage::Telling(mut telling, answer) => {
                    if telling.poll(cx).is_ready() {
                        return Poll::Ready(answer);
                    }
                    *this.stage = Stage::Telling(telling, answer);
                    return Poll::Pending;
                }
                Stage::Done => return Poll::Pending,
            };
        }
    }
}

impl<B: Backend> Scheme for Shared<B> {
    type Guard<'a, F, C, R> = Guarded<'a, B, F, C, R>;

    fn guard<F, C, R>(breaker: &CircuitBreaker<Self>, of: C, inner: F) -> Self::Guard<'_, F, C, R> {
        Guarded { breaker, of, inner, stage: Stage::New }
    }

    fn past(_: Moment) -> Moment {
        Moment::UNREAD
    }
}

/// How long a probe holds its place at most, where nothing else is said.
const PROBE_LEASE: Duration = Duration::from_secs(60);

/// # Shared by several processes
impl CircuitBreaker {
    /// The same breaker, with its state behind a backend: all processes that use the same backend and the
    /// same name have one circuit. What it does with calls while the backend does not answer has to be
    /// [chosen](crate::shared).
    ///
    /// It decides as a breaker of one process does. What differs:
    ///
    /// - **What a call costs.** Each call asks the backend once before it runs, and tells it once how it
    ///   ended where that may change anything: failures, probes, and every call of a breaker by rate. A
    ///   success of a closed breaker that opens after failures in a row is told only when the process has
    ///   heard of failures by then, so a healthy call is one question and writes nothing.
    /// - **Probes.** A probe's place is a lease: the process may die with it. After
    ///   [`probe_lease`](CircuitBreaker::probe_lease) another call gets it, and what the first becomes
    ///   changes nothing. Put a [`timeout`](mod@crate::timeout) below that is shorter.
    /// - **Dropped calls.** What became of them is told without anybody waiting for it, when there is a
    ///   tokio runtime. One that is dropped while its question is under way may have become a probe; then
    ///   its place is free when the lease has ended.
    /// - **Time** is that of the backend's server; only how long a call took is measured in the process.
    ///
    /// See [`Backend`](super::Backend) for an example.
    pub fn shared<B: Backend>(self, backend: B, when_down: WhenDown) -> CircuitBreaker<Shared<B>> {
        let outage = Outage::new(Layer::CircuitBreaker, when_down);
        let state = Shared { backend, outage, memory: Memory::new(self.name), probe_lease: PROBE_LEASE };
        CircuitBreaker { name: self.name, policy: self.policy, state }
    }
}
