//! The call under its limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::{coop, unconstrained};
use tokio::time::{Sleep, sleep};

use super::Limit;
use crate::{Layer, Reason, Rejection};

pin_project! {
    /// A call that ends when its time does.
    #[must_use]
    pub struct TimedCall<F, L> {
        // `None` once the call ended: what timed out is dropped before anybody learns of it.
        #[pin]
        inner: Option<F>,
        // `None` until the body waits: a body that never does costs neither timer nor clock.
        #[pin]
        timer: Option<Sleep>,
        limit: L,
    }
}

impl<F, L> TimedCall<F, L> {
    #[inline]
    pub(super) fn new(limit: L, inner: F) -> Self {
        Self { inner: Some(inner), timer: None, limit }
    }
}

impl<R, F: Future<Output = Result<R, Rejection>>, L: Limit> Future for TimedCall<F, L> {
    type Output = Result<R, Rejection>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = self.as_mut().project().inner.as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = inner.poll(cx);
        if polled.is_ready() {
            return polled;
        }
        self.wait(cx).map(Err)
    }
}

impl<F, L: Limit> TimedCall<F, L> {
    /// The way of a body that waits: out of the way of one that does not.
    #[inline(never)]
    fn wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Rejection> {
        let mut this = self.project();
        if this.timer.is_none() {
            this.timer.set(Some(sleep(this.limit.after())));
        }
        if let Some(timer) = this.timer.as_mut().as_pin_mut() {
            ready!(poll_timer(timer, cx));
        }
        this.inner.set(None);
        let after = this.limit.after();
        Poll::Ready(Rejection::new(Layer::Timeout, this.limit.name(), Reason::TimedOut { after }))
    }
}

/// Polls the timer. A body that used up the task's budget must not use up the timer's as well,
/// or one that always does would never be ended.
fn poll_timer(timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    if coop::has_budget_remaining() { timer.poll(cx) } else { Pin::new(&mut unconstrained(timer)).poll(cx) }
}
