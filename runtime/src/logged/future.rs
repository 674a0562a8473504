use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::Logged;
use super::captured::Captured;
use super::event::{Ended, Log};
use super::show::ShownResult;
use crate::__rt::{Outcome, Refusal};
use crate::outcome::End;
use crate::watch::Watch;

pin_project! {
    /// A call that is logged when it ends.
    #[must_use]
    pub struct LoggedFuture<F, C, S> {
        // Before the watch, so that what the call emits while it is dropped comes first.
        #[pin]
        inner: F,
        outcome: C,
        shown: S,
        watch: Watch<Log>,
    }
}

/// Logs a call. `outcome` reads the function's own result, `shown` tells what to show of it and
/// is asked only for an event that somebody wants.
pub fn logged<R, J, F, C, S>(
    policy: &'static Logged,
    captured: Captured,
    outcome: C,
    shown: S,
    inner: F,
) -> LoggedFuture<F, C, S>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
    S: Fn(&R) -> ShownResult,
{
    LoggedFuture { inner, outcome, shown, watch: Watch::new(Log::new(policy, captured)) }
}

impl<R, J, F, C, S> Future for LoggedFuture<F, C, S>
where
    J: Refusal,
    F: Future<Output = Result<R, J>>,
    C: Fn(&R) -> Outcome,
    S: Fn(&R) -> ShownResult,
{
    type Output = Result<R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if !this.watch.watcher().is_wanted() {
            return this.inner.poll(cx);
        }
        this.watch.poll(
            || this.inner.poll(cx),
            |log, result, began| {
                let end = End::of(result, this.outcome);
                log.emit(end, || ended(result, end, began.elapsed(), this.shown));
            },
        )
    }
}

fn ended<R, J: Refusal>(
    result: &Result<R, J>,
    end: End,
    elapsed: Duration,
    shown: impl FnOnce(&R) -> ShownResult,
) -> Ended {
    match result {
        Ok(own) => Ended::by_itself(end, elapsed, shown(own)),
        Err(refusal) => Ended::by(refusal.rejection(), end, elapsed),
    }
}
