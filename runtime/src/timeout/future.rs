//! The call under its limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::{coop, unconstrained};
use tokio::time::{Sleep, sleep};

use super::Timeout;
use crate::{Layer, Reason, Rejection};

pin_project! {
    /// A call that ends when its time does.
    #[must_use]
    pub struct TimedCall<F> {
        // `None` once the call ended: what timed out is dropped before anybody learns of it.
        #[pin]
        inner: Option<F>,
        // `None` until the body waits: a body that never does costs neither timer nor clock.
        #[pin]
        limit: Option<Sleep>,
        policy: Timeout,
    }
}

impl<F> TimedCall<F> {
    pub(super) fn new(policy: Timeout, inner: F) -> Self {
        Self { inner: Some(inner), limit: None, policy }
    }
}

impl<R, F: Future<Output = Result<R, Rejection>>> Future for TimedCall<F> {
    type Output = Result<R, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if let Poll::Ready(answer) = inner.poll(cx) {
            return Poll::Ready(answer);
        }
        if this.limit.is_none() {
            this.limit.set(Some(sleep(this.policy.after())));
        }
        if let Some(limit) = this.limit.as_mut().as_pin_mut() {
            ready!(poll_limit(limit, cx));
        }
        this.inner.set(None);
        let after = this.policy.after();
        Poll::Ready(Err(Rejection::new(Layer::Timeout, this.policy.name(), Reason::TimedOut { after })))
    }
}

/// Polls the timer. A body that used up the task's budget must not use up the timer's as well,
/// or one that always does would never be ended.
fn poll_limit(limit: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    if coop::has_budget_remaining() { limit.poll(cx) } else { Pin::new(&mut unconstrained(limit)).poll(cx) }
}
