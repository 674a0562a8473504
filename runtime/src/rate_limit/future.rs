//! A call that asks to be let through.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use super::books::Taken;
use super::desk::{Arrival, Desk, Refused, arrive};
use super::place::{Place, Turn};
use super::upper::{Pending, Upper};
use crate::Rejection;

pin_project! {
    /// Asks the limiter at its first poll.
    ///
    /// The timer of a call that waits lies inside. It costs no room where the call's own future
    /// comes after it, as it does in a stack: the two are never there at once.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    struct Asking<D, U>
    where
        D: Desk,
        U: Upper,
    {
        #[pin]
        step: Step<D>,
        upper: Pending<U>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StepProjection]
    enum Step<D>
    where
        D: Desk,
    {
        New { desk: D },
        Waiting { #[pin] waiting: Waiting<D> },
        Done,
    }
}

/// What becomes of a call: what it took, or why it is refused.
type Asked<D> = Result<Taken, (D, Refused)>;

impl<D: Desk, U: Upper> Asking<D, U> {
    #[inline]
    fn new(desk: D, upper: U) -> Self {
        Self { step: Step::New { desk }, upper: Pending::new(upper) }
    }
}

impl<D: Desk> Step<D> {
    fn arrive(mut self: Pin<&mut Self>, desk: D, cx: &mut Context<'_>) -> Poll<Asked<D>> {
        match arrive(desk) {
            Arrival::Admitted(taken) => Poll::Ready(Ok(taken)),
            Arrival::Refused(refused) => Poll::Ready(Err((desk, refused))),
            Arrival::InLine(place) => {
                self.set(Step::Waiting { waiting: Waiting::new(place) });
                self.wait(cx)
            }
        }
    }

    #[cold]
    fn wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Asked<D>> {
        let StepProjection::Waiting { waiting } = self.as_mut().project() else {
            return Poll::Pending;
        };
        let desk = waiting.place.desk;
        let ended = ready!(waiting.poll(cx));
        // Out of the line before anybody is told.
        self.set(Step::Done);
        Poll::Ready(ended.map_err(|refused| (desk, refused)))
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Asked<D>> {
        let StepProjection::New { desk } = self.as_mut().project() else {
            return self.wait(cx);
        };
        let desk = *desk;
        self.set(Step::Done);
        self.arrive(desk, cx)
    }
}

/// Refuses for all to know, once what is above has its call back.
#[cold]
fn refuse<D: Desk, U: Upper>(desk: D, refused: Refused, upper: &mut Pending<U>) -> Rejection {
    if let Some(upper) = upper.take() {
        upper.refund();
    }
    refused.by(&desk)
}

pin_project! {
    /// `None` when the call is let through.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Admission<D, U = ()>
    where
        D: Desk,
        U: Upper,
    {
        #[pin]
        asking: Asking<D, U>,
    }
}

impl<D: Desk, U: Upper> Admission<D, U> {
    #[inline]
    pub(super) fn new(desk: D, upper: U) -> Self {
        Self { asking: Asking::new(desk, upper) }
    }
}

impl<D: Desk, U: Upper> Future for Admission<D, U> {
    type Output = Option<Rejection>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Rejection>> {
        let asking = self.project().asking.project();
        match ready!(asking.step.poll(cx)) {
            Ok(_) => {
                asking.upper.take();
                Poll::Ready(None)
            }
            Err((desk, refused)) => Poll::Ready(Some(refuse(desk, refused, asking.upper))),
        }
    }
}

pin_project! {
    /// What the call took when it is let through, for a limiter below.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Taking<D, U = ()>
    where
        D: Desk,
        U: Upper,
    {
        #[pin]
        asking: Asking<D, U>,
        desk: D,
    }
}

impl<D: Desk, U: Upper> Taking<D, U> {
    pub(super) fn new(desk: D, upper: U) -> Self {
        Self { asking: Asking::new(desk, upper), desk }
    }
}

impl<D: Desk, U: Upper> Future for Taking<D, U> {
    type Output = Result<(D::Back, Option<U>), Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let asking = this.asking.project();
        match ready!(asking.step.poll(cx)) {
            Ok(taken) => Poll::Ready(Ok((this.desk.back(taken), asking.upper.take()))),
            Err((desk, refused)) => Poll::Ready(Err(refuse(desk, refused, asking.upper))),
        }
    }
}

pin_project! {
    /// In the line until let through, or refused with the wait that would still be needed.
    #[derive(Debug)]
    struct Waiting<D>
    where
        D: Desk,
    {
        #[pin]
        timer: Sleep,
        place: Place<D>,
    }
}

impl<D: Desk> Waiting<D> {
    fn new(place: Place<D>) -> Self {
        let timer = sleep_until(place.joined);
        Self { timer, place }
    }
}

impl<D: Desk> Future for Waiting<D> {
    type Output = Result<Taken, Refused>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let until = match this.place.turn(cx.waker().clone()) {
                Turn::Admitted(taken) => return Poll::Ready(Ok(taken)),
                Turn::Refused(refused) => return Poll::Ready(Err(refused)),
                Turn::Wait { until } => until,
            };
            if this.timer.deadline() != until {
                this.timer.as_mut().reset(until);
            }
            ready!(this.timer.as_mut().poll(cx));
        }
    }
}
