use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Timed;
use crate::__rt::{Outcome, Refusal};
use crate::moment::Moment;
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
#[inline]
pub fn timed<'a, R, J, F, C>(policy: &'a Timed, outcome: C, inner: F) -> TimedFuture<'a, F, C>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
{
    TimedFuture { inner, outcome, watch: Watch::new(policy) }
}

/// Times a call that came at that moment.
#[inline]
pub fn timed_at<'a, R, J, F, C>(moment: Moment, policy: &'a Timed, outcome: C, inner: F) -> TimedFuture<'a, F, C>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
{
    TimedFuture { inner, outcome, watch: Watch::at(moment, policy) }
}

impl<R, J, F, C> Future for TimedFuture<'_, F, C>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
{
    type Output = Result<R, J>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.watch
            .poll(|| this.inner.poll(cx), |policy, result, began| policy.record(End::of(result, this.outcome), began))
    }
}
