//! A call, and what stands in for it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::Fallback;
use super::rt::{first_failure, stand_in};
use crate::__rt::own_word;
use crate::Failure;

/// # Calls
impl Fallback {
    /// Runs a call, and where it fails transiently, with an unknown outcome or refused, what stands in
    /// for it, which gets the error: as [`#[fallback]`](macro@crate::fallback) does.
    ///
    /// ```
    /// use steadfast::Failure;
    /// use steadfast::fallback::Fallback;
    ///
    /// #[derive(Debug, PartialEq, Failure)]
    /// enum RateError {
    ///     #[failure(transient)]
    ///     Down,
    ///     #[failure(terminal)]
    ///     NoSuchCurrency,
    /// }
    ///
    /// static RATES: Fallback = Fallback::new("rates");
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let stale = |_error| async { Ok(1.08) };
    /// assert_eq!(RATES.call(|| async { Err(RateError::Down) }, stale).await, Ok(1.08));
    ///
    /// let answer = RATES.call(|| async { Err(RateError::NoSuchCurrency) }, stale).await;
    /// assert_eq!(answer, Err(RateError::NoSuchCurrency)); // a definite answer
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the call for which nothing stands in, and those of what stands in.
    pub fn call<'a, T, E, M, F, S, G>(
        &'a self,
        call: M,
        stand_in: S,
    ) -> impl Future<Output = Result<T, E>> + use<'a, T, E, M, F, S, G>
    where
        M: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
        S: FnOnce(E) -> G,
        G: Future<Output = Result<T, E>>,
        E: Failure,
    {
        Call { fallback: self, stand_in: Some(stand_in), step: Step::Calling { inner: call() } }
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F, G> {
        Calling { #[pin] inner: F },
        StandingIn { #[pin] other: G },
        Over,
    }
}

pin_project! {
    #[must_use = "futures do nothing unless polled"]
    struct Call<'a, S, F, G> {
        fallback: &'a Fallback,
        stand_in: Option<S>,
        #[pin]
        step: Step<F, G>,
    }
}

impl<T, E, S, F, G> Future for Call<'_, S, F, G>
where
    F: Future<Output = Result<T, E>>,
    S: FnOnce(E) -> G,
    G: Future<Output = Result<T, E>>,
    E: Failure,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let ended = match this.step.as_mut().project() {
                StepProjection::Calling { inner } => ready!(inner.poll(cx)),
                StepProjection::StandingIn { other } => {
                    let ended = ready!(other.poll(cx));
                    this.step.set(Step::Over);
                    return Poll::Ready(ended);
                }
                StepProjection::Over => return Poll::Pending,
            };
            // What failed is gone before anything stands in for it.
            this.step.set(Step::Over);
            match (caught(this.fallback, ended), this.stand_in.take()) {
                (Ok(error), Some(stand_in)) => this.step.set(Step::StandingIn { other: stand_in(error) }),
                (Err(ended), _) => return Poll::Ready(ended),
                (Ok(error), None) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// The error to stand in for, or the result as it is.
fn caught<T, E: Failure>(fallback: &Fallback, ended: Result<T, E>) -> Result<E, Result<T, E>> {
    let result: Result<_, Infallible> = Ok(ended);
    let own = |never: Infallible| match never {};
    let caught = match first_failure(&result, own_word) {
        Some(failure) => stand_in(fallback, result, failure, own),
        None => Err(result),
    };
    caught.map_err(|result| result.unwrap_or_else(own))
}
