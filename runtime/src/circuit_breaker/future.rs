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
    /// The ticket's, once the breaker has given one. Read only where something is learnt from the call.
    started: u64,
}

/// What a call was admitted with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    /// Where calls may be slow: when this one began, on the breaker's own clock.
    pub(super) started: u64,
    pub(super) generation: u32,
}

/// How the permit stands, in one word, because every call writes it and looks at it again: the
/// generation of a call that is held, below [`HELD`](Self::HELD).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold(u64);

impl Hold {
    /// The breaker was not asked yet.
    const NEW: Self = Self(0);
    /// The call was refused, or has ended and been told.
    const OVER: Self = Self(1);
    const HELD: u64 = 1 << 63;

    fn of(generation: u32) -> Self {
        Self(Self::HELD | u64::from(generation))
    }

    #[inline]
    fn is_held(self) -> bool {
        self.0 & Self::HELD != 0
    }

    #[inline]
    fn generation(self) -> u32 {
        self.0 as u32
    }
}

impl<B: Deref<Target = CircuitBreaker>> Permit<B> {
    #[inline]
    fn new(breaker: B) -> Self {
        Self { breaker, hold: Hold::NEW, started: 0 }
    }

    /// Asks the breaker.
    #[inline]
    fn obtain(&mut self) -> Result<u32, Rejection> {
        match self.breaker.pass() {
            Some(generation) => Ok(generation),
            None => self.ask(),
        }
    }

    #[cold]
    fn ask(&mut self) -> Result<u32, Rejection> {
        let Self { breaker, hold, started } = self;
        let admitted = breaker.admit(|ticket| (*hold, *started) = (Hold::of(ticket.generation), ticket.started));
        match &admitted {
            Ok(ticket) => *started = ticket.started,
            Err(_) => *hold = Hold::OVER,
        }
        admitted.map(|ticket| ticket.generation)
    }

    /// Tells the breaker how the call ended.
    #[inline(always)]
    fn end(&mut self, generation: u32, outcome: Outcome) {
        self.hold = Hold::OVER;
        if !self.breaker.changes_nothing(generation, outcome) {
            self.breaker.learn(Ticket { generation, started: self.started }, outcome);
        }
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Permit<B> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.hold.is_held() {
            self.end(self.hold.generation(), Outcome::Neutral);
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
    generation: u32,
}

impl<B: Deref<Target = CircuitBreaker>> Running<'_, B> {
    #[inline]
    fn returned(self, outcome: Outcome) {
        self.permit.end(self.generation, outcome);
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
                self.permit.hold = Hold::of(self.generation);
                std::mem::forget(self);
            }
        }
        polled
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Running<'_, B> {
    // Or the call's own state is written out for it on the way that never panics.
    #[inline(always)]
    fn drop(&mut self) {
        // Over where those who were told of its end panicked.
        if self.permit.hold != Hold::OVER {
            self.permit.end(self.generation, Outcome::Failure);
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
        let generation = match permit.hold {
            Hold::NEW => permit.obtain()?,
            Hold::OVER => return Poll::Pending,
            held => held.generation(),
        };
        let running = Running { permit, generation };
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
