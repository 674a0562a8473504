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

pin_project! {
    /// Asks the limiter at its first poll: `None` when the call is let through.
    ///
    /// The timer of a call that waits lies inside. It costs no room where the call's own future
    /// comes after it, as it does in a stack: the two are never there at once.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Admission<'a> {
        limiter: &'a RateLimiter,
        arrived: bool,
        #[pin]
        waiting: Option<Waiting<'a>>,
    }
}

impl<'a> Admission<'a> {
    pub(super) fn new(limiter: &'a RateLimiter) -> Self {
        Self { limiter, arrived: false, waiting: None }
    }
}

impl Future for Admission<'_> {
    type Output = Option<Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Rejection>> {
        let mut this = self.project();
        if !std::mem::replace(this.arrived, true) {
            match this.limiter.arrive() {
                Arrival::Admitted => return Poll::Ready(None),
                Arrival::Refused(wait) => return Poll::Ready(Some(this.limiter.refuse(wait))),
                Arrival::InLine(place) => this.waiting.set(Some(Waiting::new(place))),
            }
        }
        let Some(waiting) = this.waiting.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let ended = ready!(waiting.poll(cx));
        // Out of the line before anybody is told.
        this.waiting.set(None);
        Poll::Ready(ended.err().map(|wait| this.limiter.refuse(wait)))
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
