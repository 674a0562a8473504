//! A call by a policy, without the attribute.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::attempts::{Attempts, Step};
use super::beside::{Beside, OfCall};
use super::future::Pause;
use super::{Deadline, RetryBudget, RetryPolicy};
use crate::__rt::{as_matched, own_word};
use crate::{Failure, Signal};

/// One attempt of a call, as [`RetryPolicy::call_with`] tells of it.
///
/// ```
/// # use steadfast::{Rejection, retry::RetryPolicy};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway");
///
/// let answer: Result<u32, Rejection> = GATEWAY
///     .call_with(|attempt| async move { Ok(attempt.number()) })
///     .await;
/// assert_eq!(answer.unwrap(), 1);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    policy: &'a RetryPolicy,
    started: Instant,
    number: u32,
}

impl Attempt<'_> {
    /// Which attempt it is; 1 is the first call.
    ///
    /// See [`Attempt`] for an example.
    pub fn number(self) -> u32 {
        self.number
    }

    /// When the call's time is over, for handing on.
    ///
    /// ```
    /// # use steadfast::{Rejection, retry::RetryPolicy};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway");
    ///
    /// let left: Result<_, Rejection> = GATEWAY
    ///     .call_with(|attempt| async move { Ok(attempt.deadline().remaining()) })
    ///     .await;
    /// assert!(left.unwrap().as_secs() >= 29);
    /// # }
    /// ```
    pub fn deadline(self) -> Deadline {
        Deadline::after(self.started, self.policy.in_force().time_limit())
    }
}

pin_project! {
    /// A call that is tried again.
    #[must_use = "nothing runs before it is awaited"]
    struct Retried<'a, M, F: Future, C, B = ()> {
        policy: &'a RetryPolicy,
        beside: Option<B>,
        // `None` until the first poll, and after the end.
        attempts: Option<Attempts<'a, Own<F::Output>, B>>,
        make: M,
        of: C,
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Next,
        Attempt { #[pin] future: F },
        Pause { #[pin] pause: Pause },
    }
}

/// The function's own result where nobody refuses, as the attempts have it.
type Own<R> = Result<R, Infallible>;

impl<'a, M, F, C, B> Retried<'a, M, F, C, B>
where
    M: FnMut(Attempt<'a>) -> F,
    F: Future,
    C: Fn(&F::Output) -> Option<Signal>,
    B: Beside,
{
    fn new(policy: &'a RetryPolicy, beside: B, of: C, make: M) -> Self {
        Self { policy, beside: Some(beside), attempts: None, make, of, state: State::Next }
    }
}

impl<'a, M, F, C, B> Future for Retried<'a, M, F, C, B>
where
    M: FnMut(Attempt<'a>) -> F,
    F: Future,
    C: Fn(&F::Output) -> Option<Signal>,
    B: Beside,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(beside) = this.beside.take() {
            *this.attempts = Some(Attempts::start_with(this.policy, beside));
        }
        loop {
            match this.state.as_mut().project() {
                StateProjection::Next => {
                    // Polled again after its end: it stays pending.
                    let Some(attempts) = this.attempts.as_ref() else { return Poll::Pending };
                    let future = (this.make)(attempts.attempt());
                    this.state.set(State::Attempt { future });
                }
                StateProjection::Attempt { future } => {
                    let result = Ok(ready!(future.poll(cx)));
                    let Some(attempts) = this.attempts.as_mut() else { return Poll::Pending };
                    let state = match after(attempts, result, &*this.of) {
                        Step::Again(pause) => State::Pause { pause },
                        Step::Done(Ok(answer)) => {
                            *this.attempts = None;
                            this.state.set(State::Next);
                            return Poll::Ready(answer);
                        }
                        Step::Done(Err(never)) => match never {},
                    };
                    this.state.set(state);
                }
                StateProjection::Pause { pause } => {
                    ready!(pause.poll(cx));
                    this.state.set(State::Next);
                }
            }
        }
    }
}

impl<'a, T, B> Attempts<'a, T, B> {
    fn attempt(&self) -> Attempt<'a> {
        Attempt { policy: self.policy, started: self.started, number: self.number }
    }
}

/// What follows an attempt.
fn after<R, B: Beside>(
    attempts: &mut Attempts<'_, Own<R>, B>,
    result: Own<R>,
    of: impl Fn(&R) -> Option<Signal>,
) -> Step<Own<R>> {
    match attempts.failed(&result, of) {
        None => Step::Done(result),
        Some(failed) => attempts.next(result, failed),
    }
}

fn blocking<T, E: Failure, B: Beside>(
    policy: &RetryPolicy,
    beside: B,
    mut make: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut attempts = Attempts::start_with(policy, beside);
    loop {
        match after(&mut attempts, Ok(make()), own_word) {
            Step::Again(pause) => pause.block(),
            Step::Done(Ok(answer)) => return answer,
            Step::Done(Err(never)) => match never {},
        }
    }
}

/// # Calls
///
/// By hand, what [`#[retry]`](macro@crate::retry) does: its expansion is such a loop around the body of the
/// function.
impl RetryPolicy {
    /// Calls until it goes well, or the policy says that it is enough. `make` makes each attempt's
    /// future; what is tried again is the error's own word ([`Failure`](trait@crate::Failure)). What the
    /// last attempt returned comes back, or the one that left a doubt.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Failure, retry::RetryPolicy};
    ///
    /// #[derive(Debug, Failure)]
    /// #[failure(transient)]
    /// struct Busy;
    ///
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").delay(Duration::from_millis(1));
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut asked = 0;
    /// let answer = GATEWAY
    ///     .call(|| {
    ///         asked += 1;
    ///         let asked = asked;
    ///         async move { if asked < 3 { Err(Busy) } else { Ok(asked) } }
    ///     })
    ///     .await;
    /// assert_eq!(answer.unwrap(), 3);
    /// # }
    /// ```
    pub fn call<T, E, F>(&self, mut make: impl FnMut() -> F) -> impl Future<Output = Result<T, E>>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        Retried::new(self, (), own_word, move |_| make())
    }

    /// [`call`](Self::call), with each attempt told which one it is, and when the time is over.
    ///
    /// See [`Attempt`] for an example.
    pub fn call_with<'a, T, E, F>(&'a self, make: impl FnMut(Attempt<'a>) -> F) -> impl Future<Output = Result<T, E>>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        Retried::new(self, (), own_word, make)
    }

    /// [`call`](Self::call) for errors that do not say what they are: those that `transient` names are
    /// tried again, the others not. It must name none that may have happened: the error itself cannot
    /// object.
    ///
    /// ```
    /// use std::io;
    /// use steadfast::retry::RetryPolicy;
    ///
    /// static DISK: RetryPolicy = RetryPolicy::new("disk");
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let missing = DISK
    ///     .call_when(
    ///         |error: &io::Error| error.kind() == io::ErrorKind::Interrupted,
    ///         async || Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)),
    ///     )
    ///     .await;
    /// assert!(missing.is_err()); // one attempt
    /// # }
    /// ```
    pub fn call_when<T, E, F>(
        &self,
        transient: impl Fn(&E) -> bool,
        mut make: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let of = move |result: &Result<T, E>| as_matched(result, &transient, |_| None);
        Retried::new(self, (), of, move |_| make())
    }

    /// [`call`](Self::call) for code that is not async. It sleeps its thread through the pauses, so it
    /// belongs on a thread that may block, not into a task.
    ///
    /// ```
    /// use steadfast::{Rejection, retry::RetryPolicy};
    ///
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway");
    ///
    /// assert_eq!(GATEWAY.call_blocking(|| Ok::<_, Rejection>(7)).unwrap(), 7);
    /// ```
    pub fn call_blocking<T, E: Failure>(&self, make: impl FnMut() -> Result<T, E>) -> Result<T, E> {
        blocking(self, (), make)
    }

    /// This policy with a budget: its calls add to it, and their further attempts are paid from it.
    ///
    /// ```
    /// use steadfast::{Rejection, retry::{RetryBudget, RetryPolicy}};
    ///
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway");
    /// static RETRIES: RetryBudget = RetryBudget::new("gateway");
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let answer = GATEWAY.within(&RETRIES).call(async || Ok::<_, Rejection>(7)).await;
    /// assert_eq!(answer.unwrap(), 7);
    /// # }
    /// ```
    pub fn within<'a>(&'a self, budget: &'a RetryBudget) -> WithBudget<'a> {
        WithBudget { policy: self, budget }
    }
}

/// A policy with a budget, made by [`RetryPolicy::within`].
///
/// See there for an example.
#[derive(Clone, Copy, Debug)]
pub struct WithBudget<'a> {
    policy: &'a RetryPolicy,
    budget: &'a RetryBudget,
}

impl<'a> WithBudget<'a> {
    /// [`RetryPolicy::call`] within the budget.
    ///
    /// See [`RetryPolicy::within`] for an example.
    pub fn call<T, E, F>(self, mut make: impl FnMut() -> F) -> impl Future<Output = Result<T, E>>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        Retried::new(self.policy, self.beside(), own_word, move |_| make())
    }

    /// [`RetryPolicy::call_with`] within the budget.
    ///
    /// See [`Attempt`] for an example without one.
    pub fn call_with<T, E, F>(self, make: impl FnMut(Attempt<'a>) -> F) -> impl Future<Output = Result<T, E>>
    where
        E: Failure,
        F: Future<Output = Result<T, E>>,
    {
        Retried::new(self.policy, self.beside(), own_word, make)
    }

    /// [`RetryPolicy::call_when`] within the budget.
    ///
    /// See there for an example without one.
    pub fn call_when<T, E, F>(
        self,
        transient: impl Fn(&E) -> bool,
        mut make: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let of = move |result: &Result<T, E>| as_matched(result, &transient, |_| None);
        Retried::new(self.policy, self.beside(), of, move |_| make())
    }

    /// [`RetryPolicy::call_blocking`] within the budget.
    ///
    /// See there for an example without one.
    pub fn call_blocking<T, E: Failure>(self, make: impl FnMut() -> Result<T, E>) -> Result<T, E> {
        blocking(self.policy, self.beside(), make)
    }

    fn beside(self) -> OfCall<'a> {
        OfCall::new().budget(self.budget)
    }
}
