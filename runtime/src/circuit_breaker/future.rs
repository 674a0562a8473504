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

/// The right to one call. Dropping it while it is held tells the breaker that the call was dropped.
#[derive(Debug)]
pub(super) struct Permit<B: Deref<Target = CircuitBreaker>> {
    breaker: B,
    hold: Hold,
}

/// What a call was admitted with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    /// Where calls may be slow: when this one began, on the breaker's own clock.
    pub(super) started: u64,
    pub(super) generation: u32,
}

#[derive(Clone, Copy, Debug)]
enum Hold {
    /// The breaker was not asked yet.
    New,
    /// It let the call through with this ticket, and is owed its end.
    Held { started: u64, generation: u32 },
    /// The call was refused, or has ended and been told.
    Over,
}

impl Ticket {
    pub(super) const NEW: Self = Self { started: 0, generation: 0 };
}

impl Hold {
    fn of(Ticket { started, generation }: Ticket) -> Self {
        Self::Held { started, generation }
    }
}

impl<B: Deref<Target = CircuitBreaker>> Permit<B> {
    #[inline]
    fn new(breaker: B) -> Self {
        Self { breaker, hold: Hold::New }
    }

    /// Asks the breaker.
    #[inline]
    fn obtain(&mut self) -> Result<Ticket, Rejection> {
        match self.breaker.pass() {
            Some(generation) => Ok(Ticket { generation, ..Ticket::NEW }),
            None => self.ask(),
        }
    }

    #[cold]
    fn ask(&mut self) -> Result<Ticket, Rejection> {
        let admitted = self.breaker.admit(|ticket| self.hold = Hold::of(ticket));
        if admitted.is_err() {
            self.hold = Hold::Over;
        }
        admitted
    }

    /// Tells the breaker how the call ended.
    #[inline]
    fn end(&mut self, ticket: Ticket, outcome: Outcome) {
        self.hold = Hold::Over;
        self.breaker.record(ticket, outcome);
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Permit<B> {
    #[inline]
    fn drop(&mut self) {
        if let Hold::Held { started, generation } = self.hold {
            self.end(Ticket { started, generation }, Outcome::Neutral);
        }
    }
}

/// What a call under a breaker ends with: the function's own result, or a refusal below.
pub(super) type Answer<T, E> = Result<Result<T, E>, Rejection>;

/// While the call runs. It is dropped only when that does not return: a panic. It does not matter
/// whether the thread still unwinds by then, or somebody caught it.
struct Running<'a, B: Deref<Target = CircuitBreaker>> {
    permit: &'a mut Permit<B>,
    /// The permit's, which is written into it only when the call waits.
    ticket: Ticket,
}

impl<B: Deref<Target = CircuitBreaker>> Running<'_, B> {
    #[inline]
    fn returned(self, outcome: Outcome) {
        self.permit.end(self.ticket, outcome);
        std::mem::forget(self);
    }

    /// What is no success.
    #[inline(never)]
    fn on<T, E>(self, polled: Poll<Answer<T, E>>, of: impl Fn(&Result<T, E>) -> Option<Signal>) -> Poll<Answer<T, E>> {
        match &polled {
            Poll::Ready(result) => {
                let outcome = outcome(result, of);
                self.returned(outcome);
            }
            Poll::Pending => {
                self.permit.hold = Hold::of(self.ticket);
                std::mem::forget(self);
            }
        }
        polled
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Running<'_, B> {
    #[cold]
    fn drop(&mut self) {
        // Over where those who were told of its end panicked.
        if !matches!(self.permit.hold, Hold::Over) {
            self.permit.end(self.ticket, Outcome::Failure);
        }
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

impl<T, E, B, F, C> Future for Guarded<B, F, C>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future<Output = Answer<T, E>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
{
    type Output = Answer<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let permit = this.permit;
        let ticket = match permit.hold {
            Hold::New => permit.obtain()?,
            Hold::Held { started, generation } => Ticket { started, generation },
            Hold::Over => return Poll::Pending,
        };
        let running = Running { permit, ticket };
        match this.inner.poll(cx) {
            // Most calls end so. Nobody has to be shown the answer, so it need not lie anywhere.
            Poll::Ready(Ok(Ok(answer))) => {
                running.returned(Outcome::Success);
                Poll::Ready(Ok(Ok(answer)))
            }
            other => running.on(other, &*this.of),
        }
    }
}

#[inline]
pub(super) fn outcome<R>(result: &Result<R, Rejection>, of: impl Fn(&R) -> Option<Signal>) -> Outcome {
    let Some(ended) = __rt::ending(result, of) else { return Outcome::Success };
    match (ended.ending.row().health, ended.ending) {
        (Health::Counts, _) => Outcome::Failure,
        // An answer, and it may have taken its time.
        (Health::Neutral, Ending::Terminal) => Outcome::Neutral,
        (Health::Neutral, _) => Outcome::Refused,
    }
}
