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

/// Asks the limiter at its first poll: `None` when the call is let through.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Admission<'a> {
    limiter: &'a RateLimiter,
    step: Step<'a>,
}

#[derive(Debug)]
enum Step<'a> {
    New,
    /// Boxed, so that calls that need not wait do not carry a timer.
    Waiting(Pin<Box<Waiting<'a>>>),
    Done,
}

impl<'a> Admission<'a> {
    pub(super) fn new(limiter: &'a RateLimiter) -> Self {
        let step = Step::New;
        Self { limiter, step }
    }

    /// `None` when the call has to wait.
    fn arrive(&mut self) -> Option<Result<(), Duration>> {
        self.step = Step::Done;
        match self.limiter.arrive() {
            Arrival::Admitted => return Some(Ok(())),
            Arrival::Refused(wait) => return Some(Err(wait)),
            Arrival::InLine(place) => self.step = Step::Waiting(Box::pin(Waiting::new(place))),
        }
        None
    }

    fn end(&mut self, ended: Result<(), Duration>) -> Poll<Option<Rejection>> {
        // Out of the line before anybody is told.
        self.step = Step::Done;
        Poll::Ready(ended.err().map(|wait| self.limiter.refuse(wait)))
    }
}

impl Future for Admission<'_> {
    type Output = Option<Rejection>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Rejection>> {
        if let Step::New = self.step
            && let Some(ended) = self.arrive()
        {
            return self.end(ended);
        }
        let Step::Waiting(waiting) = &mut self.step else {
            return Poll::Pending;
        };
        let ended = ready!(waiting.as_mut().poll(cx));
        self.end(ended)
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
