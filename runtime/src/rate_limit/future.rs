//! A call that asks to be let through.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::RateLimiter;
use super::limiter::{Arrival, Place, Turn};
use crate::Rejection;
use crate::moment::Moment;

pin_project! {
    /// Asks the limiter at its first poll: `None` when the call is let through.
    ///
    /// The timer of a call that waits lies inside. It costs no room where the call's own future
    /// comes after it, as it does in a stack: the two are never there at once.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Admission<'a> {
        #[pin]
        step: Step<'a>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StepProjection]
    enum Step<'a> {
        New { limiter: &'a RateLimiter, moment: Moment },
        Waiting { #[pin] waiting: Waiting<'a> },
        Done,
    }
}

impl<'a> Admission<'a> {
    #[inline]
    pub(super) fn new(limiter: &'a RateLimiter, moment: Moment) -> Self {
        Self { step: Step::New { limiter, moment } }
    }

    /// The way of a call that was not let through at once.
    #[cold]
    fn arrive(mut self: Pin<&mut Self>, limiter: &'a RateLimiter, cx: &mut Context<'_>) -> Poll<Option<Rejection>> {
        let step = match limiter.arrive() {
            Arrival::Admitted => return Poll::Ready(None),
            Arrival::Refused(wait) => return Poll::Ready(Some(limiter.refuse(wait))),
            Arrival::InLine(place) => Step::Waiting { waiting: Waiting::new(place) },
        };
        self.as_mut().project().step.set(step);
        self.wait(cx)
    }

    #[cold]
    fn wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Rejection>> {
        let mut step = self.project().step;
        let StepProjection::Waiting { waiting } = step.as_mut().project() else {
            return Poll::Pending;
        };
        let limiter = waiting.place.limiter();
        let ended = ready!(waiting.poll(cx));
        // Out of the line before anybody is told.
        step.set(Step::Done);
        Poll::Ready(ended.err().map(|wait| limiter.refuse(wait)))
    }
}

impl Future for Admission<'_> {
    type Output = Option<Rejection>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Rejection>> {
        let mut step = self.as_mut().project().step;
        let StepProjection::New { limiter, moment } = step.as_mut().project() else {
            return self.wait(cx);
        };
        let (limiter, moment) = (*limiter, *moment);
        step.set(Step::Done);
        if limiter.pass(moment) { Poll::Ready(None) } else { self.arrive(limiter, cx) }
    }
}

pin_project! {
    /// In the line until let through, or refused with the wait that would still be needed.
    #[derive(Debug)]
    struct Waiting<'a> {
        #[pin]
        timer: Sleep,
        place: Place<'a>,
    }
}

impl<'a> Waiting<'a> {
    fn new(place: Place<'a>) -> Self {
        let timer = sleep_until(place.joined());
        Self { timer, place }
    }
}

impl Future for Waiting<'_> {
    type Output = Result<(), Duration>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let until = match this.place.turn(cx.waker().clone()) {
                Turn::Admitted => return Poll::Ready(Ok(())),
                Turn::Refused(wait) => return Poll::Ready(Err(wait)),
                Turn::Wait { until } => until,
            };
            if this.timer.deadline() != until {
                this.timer.as_mut().reset(until);
            }
            ready!(this.timer.as_mut().poll(cx));
        }
    }
}
