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
    hold: Hold,
}

#[derive(Clone, Copy, Debug)]
enum Hold {
    /// The breaker was not asked yet.
    New,
    /// The breaker is told this when the permit is dropped now.
    Held(Outcome),
    /// The call was refused, or has ended and been told.
    Over,
}

impl<'a> Permit<'a> {
    #[inline]
    fn new(breaker: &'a CircuitBreaker) -> Self {
        Self { breaker, generation: 0, hold: Hold::New }
    }

    /// Asks the breaker.
    #[inline]
    fn obtain(&mut self) -> Result<(), Rejection> {
        match self.breaker.pass() {
            Some(generation) => self.admitted(generation),
            None => {
                self.hold = Hold::Over;
                self.breaker.admit(self)?;
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn admitted(&mut self, generation: u64) {
        self.generation = generation;
        self.hold = Hold::Held(Outcome::Neutral);
    }

    /// Tells the breaker, if it has not been told.
    #[inline]
    fn end(&mut self) {
        if let Hold::Held(outcome) = std::mem::replace(&mut self.hold, Hold::Over) {
            self.breaker.record(self.generation, outcome);
        }
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}

pin_project! {
    /// A call that asks the breaker at its first poll, and tells it how it ended.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<'a, F, C> {
        // Before the permit, so that a call that is dropped is gone when its place is free.
        #[pin]
        inner: F,
        permit: Permit<'a>,
        of: C,
    }
}

impl<'a, F, C> Guarded<'a, F, C> {
    #[inline]
    pub(super) fn new(breaker: &'a CircuitBreaker, of: C, inner: F) -> Self {
        Self { inner, permit: Permit::new(breaker), of }
    }
}

impl<R, F, C> Future for Guarded<'_, F, C>
where
    F: Future<Output = Result<R, Rejection>>,
    C: Fn(&R) -> Option<Signal>,
{
    type Output = Result<R, Rejection>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let permit = this.permit;
        match permit.hold {
            Hold::New => permit.obtain()?,
            Hold::Held(_) => {}
            Hold::Over => return Poll::Pending,
        }
        // The permit is dropped with this word only when what follows does not return: a panic.
        // It does not matter whether the thread still unwinds by then, or somebody caught it.
        permit.hold = Hold::Held(Outcome::Failure);
        let polled = this.inner.poll(cx);
        // Looked at where it is: moving an answer out and back in costs as much as all the rest.
        permit.hold = Hold::Held(match &polled {
            Poll::Ready(result) => outcome(result, &*this.of),
            Poll::Pending => Outcome::Neutral,
        });
        if polled.is_ready() {
            permit.end();
        }
        polled
    }
}

#[inline]
fn outcome<R>(result: &Result<R, Rejection>, of: impl Fn(&R) -> Option<Signal>) -> Outcome {
    match __rt::ending(result, of).map(|ended| ended.ending.row().health) {
        None => Outcome::Success,
        Some(Health::Counts) => Outcome::Failure,
        Some(Health::Neutral) => Outcome::Neutral,
    }
}
