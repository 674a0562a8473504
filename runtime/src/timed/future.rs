use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::Timed;
use crate::__rt::{Outcome, Refusal};
use crate::outcome::End;
use crate::watch::Watch;

pin_project! {
    /// A call that is timed from its first poll.
    #[must_use]
    pub struct TimedFuture<'a, F, C> {
        // Before the watch, so that what the call does while it is dropped counts as well.
        #[pin]
        inner: F,
        outcome: C,
        watch: Watch<&'a Timed>,
    }
}

/// Times a call. `outcome` reads the function's own result.
pub fn timed<'a, R, J, F, C>(policy: &'a Timed, outcome: C, inner: F) -> TimedFuture<'a, F, C>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
{
    TimedFuture { inner, outcome, watch: Watch::new(policy) }
}

impl<R, J, F, C> Future for TimedFuture<'_, F, C>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
{
    type Output = Result<R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (result, elapsed) = ready!(this.watch.poll(|| this.inner.poll(cx)));
        let end = End::of(&result, this.outcome);
        this.watch.watcher().record(end, elapsed);
        Poll::Ready(result)
    }
}
