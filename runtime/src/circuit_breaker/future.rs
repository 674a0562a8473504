//! A call under a breaker.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::CircuitBreaker;
use super::decision::Outcome;
use crate::kinds::{Ending, Health};
use crate::{__rt, Rejection, Signal};

/// The right to one call. Dropping it tells the breaker how the call ended.
#[derive(Debug)]
pub(super) struct Permit<B: Deref<Target = CircuitBreaker>> {
    breaker: B,
    ticket: Ticket,
}

/// What a call was admitted with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    /// Where calls may be slow: when this one began, on the breaker's own clock.
    pub(super) started: u64,
    pub(super) generation: u32,
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

impl Ticket {
    pub(super) const NEW: Self = Self { started: 0, generation: 0, hold: Hold::New };

    #[inline]
    pub(super) fn admitted(&mut self, generation: u32, started: u64) {
        *self = Self { started, generation, hold: Hold::Held(Outcome::Neutral) };
    }
}

impl<B: Deref<Target = CircuitBreaker>> Permit<B> {
    #[inline]
    fn new(breaker: B) -> Self {
        Self { breaker, ticket: Ticket::NEW }
    }

    /// Asks the breaker.
    #[inline]
    fn obtain(&mut self) -> Result<(), Rejection> {
        match self.breaker.pass() {
            // Field by field: what is zero stays so, and the shortest way writes least.
            Some(generation) => {
                self.ticket.generation = generation;
                self.ticket.hold = Hold::Held(Outcome::Neutral);
            }
            None => {
                self.ticket.hold = Hold::Over;
                self.breaker.admit(&mut self.ticket)?;
            }
        }
        Ok(())
    }

    /// Tells the breaker, if it has not been told.
    #[inline]
    fn end(&mut self) {
        if let Hold::Held(outcome) = std::mem::replace(&mut self.ticket.hold, Hold::Over) {
            self.breaker.record(self.ticket, outcome);
        }
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Permit<B> {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}

pin_project! {
    /// A call that asks the breaker at its first poll, and tells it how it ended.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<B, F, C>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        // Before the permit, so that a call that is dropped is gone when its place is free.
        #[pin]
        inner: F,
        permit: Permit<B>,
        of: C,
    }
}

impl<B: Deref<Target = CircuitBreaker>, F, C> Guarded<B, F, C> {
    #[inline]
    pub(super) fn new(breaker: B, of: C, inner: F) -> Self {
        Self { inner, permit: Permit::new(breaker), of }
    }
}

impl<R, B, F, C> Future for Guarded<B, F, C>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future<Output = Result<R, Rejection>>,
    C: Fn(&R) -> Option<Signal>,
{
    type Output = Result<R, Rejection>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let permit = this.permit;
        match permit.ticket.hold {
            Hold::New => permit.obtain()?,
            Hold::Held(_) => {}
            Hold::Over => return Poll::Pending,
        }
        // The permit is dropped with this word only when what follows does not return: a panic.
        // It does not matter whether the thread still unwinds by then, or somebody caught it.
        permit.ticket.hold = Hold::Held(Outcome::Failure);
        let polled = this.inner.poll(cx);
        // Looked at where it is: moving an answer out and back in costs as much as all the rest.
        permit.ticket.hold = Hold::Held(match &polled {
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
    let Some(ended) = __rt::ending(result, of) else { return Outcome::Success };
    match (ended.ending.row().health, ended.ending) {
        (Health::Counts, _) => Outcome::Failure,
        // An answer, and it may have taken its time.
        (Health::Neutral, Ending::Terminal) => Outcome::Neutral,
        (Health::Neutral, _) => Outcome::Refused,
    }
}
