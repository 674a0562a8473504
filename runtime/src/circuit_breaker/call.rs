//! A call without an attribute.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::CircuitBreaker;
use super::future::Guarded;
use crate::scope::here;
use crate::{__rt, Failure, Rejection, Signal};

pin_project! {
    /// A call that runs when it is let through.
    pub(super) struct Called<B, F, U, C>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        #[pin]
        guarded: Guarded<B, Begun<F, U>, C>,
    }
}

pin_project! {
    /// The function, until it is let through; then its future.
    #[project = Place]
    pub(super) enum Begun<F, U> {
        Not { function: Option<F> },
        Running { #[pin] future: U },
    }
}

impl<F, U> Begun<F, U> {
    pub(super) fn not(function: F) -> Self {
        Self::Not { function: Some(function) }
    }
}

impl<R, F: FnOnce() -> U, U: Future<Output = R>> Future for Begun<F, U> {
    type Output = Result<R, Rejection>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                Place::Running { future } => return future.poll(cx).map(Ok),
                // There is none when it panicked, and somebody asks again.
                Place::Not { function } => match function.take() {
                    None => return Poll::Pending,
                    Some(function) => {
                        let future = function();
                        self.set(Self::Running { future });
                    }
                },
            }
        }
    }
}

/// # Calls
///
/// What the attribute expands to, for a call that is no function of its own.
impl CircuitBreaker {
    /// Runs the function if the breaker lets it through; the error says itself whether it counts, as
    /// under [`#[circuit_breaker]`](macro@crate::circuit_breaker).
    ///
    /// The function is not called when the breaker refuses. It is asked when the call is first polled;
    /// a call that is dropped is neutral, one that panics counts.
    ///
    /// # Errors
    ///
    /// The function's own, and the breaker's refusal as one of them.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    /// use steadfast::{Failure, Rejection};
    ///
    /// #[derive(Debug, Failure)]
    /// enum GatewayError {
    ///     #[failure(transient)]
    ///     Down,
    ///     #[failure(transparent)]
    ///     Refused(Rejection),
    /// }
    /// # impl From<Rejection> for GatewayError {
    /// #     fn from(rejection: Rejection) -> Self {
    /// #         Self::Refused(rejection)
    /// #     }
    /// # }
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_threshold(1);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let paid = GATEWAY.call(|| async { Err::<u32, _>(GatewayError::Down) }).await;
    /// assert!(matches!(paid, Err(GatewayError::Down)));
    ///
    /// let paid = GATEWAY.call(|| async { Ok::<_, GatewayError>(17) }).await;
    /// assert!(matches!(paid, Err(GatewayError::Refused(_))));
    /// # }
    /// ```
    pub fn call<T, E, F, U>(&self, function: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        E: Failure + From<Rejection>,
    {
        self.called(__rt::own_word, function)
    }

    /// [`call`](Self::call) where a function says which errors count, as the attribute's `when` does.
    /// The others are neutral.
    ///
    /// # Errors
    ///
    /// The function's own, and the breaker's refusal as one of them.
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use steadfast::Rejection;
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// #[derive(Debug)]
    /// struct LedgerError(Box<dyn std::error::Error + Send + Sync>);
    /// # impl From<Rejection> for LedgerError {
    /// #     fn from(rejection: Rejection) -> Self {
    /// #         Self(rejection.into())
    /// #     }
    /// # }
    ///
    /// static LEDGER: CircuitBreaker = CircuitBreaker::new("ledger").failure_threshold(1);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let is_down = |error: &LedgerError| error.0.is::<Error>();
    /// let refused = Error::from(ErrorKind::ConnectionRefused);
    /// let posted = LEDGER.call_when(is_down, || async { Err::<(), _>(LedgerError(refused.into())) }).await;
    /// assert!(posted.is_err());
    /// assert_eq!(LEDGER.state(), BreakerState::Open);
    /// # }
    /// ```
    pub fn call_when<T, E, P, F, U>(&self, counts: P, function: F) -> impl Future<Output = Result<T, E>>
    where
        P: Fn(&E) -> bool,
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        self.called(move |result: &Result<T, E>| __rt::as_matched(result, &counts, |_| None), function)
    }

    fn called<F, U, C>(&self, of: C, function: F) -> Called<&Self, F, U, C> {
        Called::new(here(self), of, Begun::not(function))
    }
}

impl<B: Deref<Target = CircuitBreaker>, F, U, C> Called<B, F, U, C> {
    pub(super) fn new(breaker: B, of: C, begun: Begun<F, U>) -> Self {
        Self { guarded: Guarded::new(breaker, of, begun) }
    }
}

impl<T, E, B, F, U, C> Future for Called<B, F, U, C>
where
    B: Deref<Target = CircuitBreaker>,
    F: FnOnce() -> U,
    U: Future<Output = Result<T, E>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
    E: From<Rejection>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().guarded.poll(cx).map(|ended| ended.unwrap_or_else(|refusal| Err(E::from(refusal))))
    }
}
