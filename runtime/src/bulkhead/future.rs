//! A call that takes a place, and one that runs in it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::state::{Permit, Waiter};
use super::{Bulkhead, policy::Policy};
use crate::scope::here;
use crate::{Layer, Reason, Rejection};

/// # Calls
impl Bulkhead {
    /// Runs a call in a place of its own, as [`#[bulkhead]`](macro@crate::bulkhead) does. The closure
    /// is called when there is a place; what it makes is dropped before the place is given back.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast::bulkhead::Bulkhead;
    ///
    /// static REPORTS: Bulkhead = Bulkhead::new("reports", 10);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let pages = REPORTS.call(|| async { Ok::<_, Rejection>(17) }).await;
    /// assert_eq!(pages.unwrap(), 17);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What the call ends with; and where it finds every place taken, and none becomes free within
    /// [`max_wait`](Self::max_wait), a [`Rejection`] for [`Reason::Full`] as the call's error.
    pub fn call<'a, T, E, M, F>(&'a self, call: M) -> impl Future<Output = Result<T, E>> + use<'a, T, E, M, F>
    where
        M: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        Call::Entering { enter: enter(self), call: Some(call) }
    }

    /// Takes a place, and waits for one as long as [`max_wait`](Self::max_wait) says.
    ///
    /// See [`Permit`] for an example.
    ///
    /// # Errors
    ///
    /// [`Reason::Full`] where none became free in time.
    pub fn acquire(&self) -> impl Future<Output = Result<Permit<'_>, Rejection>> {
        enter(self)
    }

    /// Takes a place where one is free, and never waits: also for code that is not async.
    ///
    /// ```
    /// use steadfast::bulkhead::Bulkhead;
    ///
    /// static REPORTS: Bulkhead = Bulkhead::new("reports", 1);
    ///
    /// let permit = REPORTS.try_acquire().unwrap();
    /// assert_eq!(REPORTS.try_acquire().unwrap_err().code(), "bulkhead_full");
    /// drop(permit);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Reason::Full`] where every place is taken, or others wait for one.
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejection> {
        let this = here(self);
        this.take().ok_or_else(|| this.refuse(Duration::ZERO))
    }

    #[inline]
    fn take(&self) -> Option<Permit<'_>> {
        self.places.take().then(|| Permit::of(&self.places))
    }

    /// Waits in the line, where waiting is allowed.
    async fn wait(&self) -> Result<Permit<'_>, Rejection> {
        let Policy { max_wait, .. } = *self.settings.get();
        if max_wait.is_zero() || Handle::try_current().is_err() {
            return Err(self.refuse(Duration::ZERO));
        }
        let _waiter = Waiter::join(&self.places);
        // The line is asked before the clock: who has a place when the time is up goes in.
        match timeout(max_wait, self.places.free.acquire()).await {
            Ok(Ok(permit)) => {
                permit.forget();
                Ok(Permit::of(&self.places))
            }
            _ => Err(self.refuse(max_wait)),
        }
    }

    #[cold]
    fn refuse(&self, waited: Duration) -> Rejection {
        Rejection::new(Layer::Bulkhead, self.name, Reason::Full { waited })
    }
}

/// Takes a place. It needs no future around the call: its own is over when the call begins, and lies
/// where the call's own will.
#[inline]
pub(super) async fn enter(bulkhead: &Bulkhead) -> Result<Permit<'_>, Rejection> {
    let this = here(bulkhead);
    match this.take() {
        Some(permit) => Ok(permit),
        None => this.wait().await,
    }
}

pin_project! {
    /// A call in a place.
    #[project = CallProjection]
    #[must_use = "futures do nothing unless polled"]
    enum Call<'a, N, M, F> {
        Entering { #[pin] enter: N, call: Option<M> },
        // The call before its place, so that it is gone when the place is free.
        Inside { #[pin] inner: F, permit: Permit<'a> },
        Over,
    }
}

impl<'a, T, E, N, M, F> Future for Call<'a, N, M, F>
where
    N: Future<Output = Result<Permit<'a>, Rejection>>,
    M: FnOnce() -> F,
    F: Future<Output = Result<T, E>>,
    E: From<Rejection>,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                CallProjection::Entering { enter, call } => {
                    let entered = ready!(enter.poll(cx));
                    let call = call.take();
                    // The way in is over, before anybody is told and before the call is made.
                    self.set(Self::Over);
                    match (entered, call) {
                        (Ok(permit), Some(call)) => self.set(Self::Inside { inner: call(), permit }),
                        (Err(rejection), _) => return Poll::Ready(Err(rejection.into())),
                        (_, None) => return Poll::Pending,
                    }
                }
                CallProjection::Inside { inner, .. } => {
                    let ended = ready!(inner.poll(cx));
                    self.set(Self::Over);
                    return Poll::Ready(ended);
                }
                CallProjection::Over => return Poll::Pending,
            }
        }
    }
}
