//! A call under a limit, without the attribute.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Timeout;
use super::future::TimedCall;
use crate::__rt::{Body, body};
use crate::Rejection;

pin_project! {
    /// A call under a limit, whose refusal is the function's own error.
    #[must_use = "nothing runs before it is awaited"]
    struct Called<'a, F> {
        #[pin]
        inner: TimedCall<Body<F, Rejection>, &'a Timeout>,
    }
}

impl<T, E: From<Rejection>, F: Future<Output = Result<T, E>>> Future for Called<'_, F> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map(|answer| answer.unwrap_or_else(|refused| Err(refused.into())))
    }
}

impl Timeout {
    /// Calls, and ends the call when the time is over: by hand, what
    /// [`#[timeout]`](macro@crate::timeout) does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Rejection, timeout::Timeout};
    ///
    /// static GATEWAY: Timeout = Timeout::new("gateway", Duration::from_millis(10));
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let call = GATEWAY.call(async || {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    ///     Ok::<_, Rejection>(7)
    /// });
    /// assert_eq!(call.await.unwrap_err().code(), "timed_out");
    /// # }
    /// ```
    pub fn call<T, E, F>(&self, make: impl FnOnce() -> F) -> impl Future<Output = Result<T, E>>
    where
        E: From<Rejection>,
        F: Future<Output = Result<T, E>>,
    {
        Called { inner: TimedCall::new(self, body(make())) }
    }
}
