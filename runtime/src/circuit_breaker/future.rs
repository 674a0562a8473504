//! A call under a breaker.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::CircuitBreaker;
use super::decision::Outcome;
use crate::kinds::Health;
use crate::{__rt, Rejection, Signal};

/// The right to one call. Dropping it tells the breaker how the call ended.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    generation: u64,
    /// What the breaker is told when the permit is dropped now.
    outcome: Outcome,
}

impl<'a> Permit<'a> {
    pub(super) fn new(breaker: &'a CircuitBreaker, generation: u64) -> Self {
        Self { breaker, generation, outcome: Outcome::Neutral }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.record(self.generation, self.outcome);
    }
}

#[derive(Debug)]
enum Step<'a> {
    New(&'a CircuitBreaker),
    Running(Permit<'a>),
    Done,
}

pin_project! {
    /// A call that asks the breaker at its first poll, and tells it how it ended.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<'a, F, C> {
        // Before the permit, so that a call that is dropped is gone when its place is free.
        #[pin]
        inner: F,
        step: Step<'a>,
        of: C,
    }
}

impl<'a, F, C> Guarded<'a, F, C> {
    pub(super) fn new(breaker: &'a CircuitBreaker, of: C, inner: F) -> Self {
        Self { inner, step: Step::New(breaker), of }
    }
}

impl<R, F, C> Future for Guarded<'_, F, C>
where
    F: Future<Output = Result<R, Rejection>>,
    C: Fn(&R) -> Option<Signal>,
{
    type Output = Result<R, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Step::New(breaker) = *this.step {
            *this.step = Step::Done;
            *this.step = Step::Running(breaker.admit()?);
        }
        let Step::Running(permit) = this.step else {
            return Poll::Pending;
        };
        // The permit is dropped with this word only when what follows does not return: a panic.
        // It does not matter whether the thread still unwinds by then, or somebody caught it.
        permit.outcome = Outcome::Failure;
        let polled = this.inner.poll(cx);
        let Poll::Ready(result) = polled else {
            permit.outcome = Outcome::Neutral;
            return Poll::Pending;
        };
        permit.outcome = outcome(&result, &*this.of);
        *this.step = Step::Done;
        Poll::Ready(result)
    }
}

fn outcome<R>(result: &Result<R, Rejection>, of: impl Fn(&R) -> Option<Signal>) -> Outcome {
    match __rt::ending(result, of).map(|ended| ended.ending.row().health) {
        None => Outcome::Success,
        Some(Health::Counts) => Outcome::Failure,
        Some(Health::Neutral) => Outcome::Neutral,
    }
}
