//! The limiter without an attribute: around a closure, or by itself.

use std::borrow::ToOwned;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::desk::{Desk, OfKey};
use super::future::Admission;
use super::{Quota, RateLimiter, rt};
use crate::Rejection;
use crate::key::{ByRef, Lone};
use crate::keyed::{Keyed, PerKey};

/// # Without an attribute
impl RateLimiter {
    /// Makes a call within the limit. It is what `#[rate_limit(GATEWAY_CALLS)]` expands to: the
    /// limiter is asked first, and the closure is called when it lets the call through.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Rejection;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static GATEWAY_CALLS: RateLimiter = RateLimiter::window("gateway_calls", 1, Duration::from_secs(60));
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let ping = || GATEWAY_CALLS.call(async || Ok::<_, Rejection>("pong"));
    /// assert_eq!(ping().await.unwrap(), "pong");
    /// assert_eq!(ping().await.unwrap_err().code(), "rate_limited");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The closure's own, or a refusal by the limiter as one of them.
    pub fn call<F, Fut, T, E>(&self, work: F) -> impl Future<Output = Result<T, E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        Call::New { desk: rt::unit(self), work: Some(work) }
    }

    /// Takes so much of the limit for work that is not one call, waiting for it up to `max_wait`.
    /// Nothing is given back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static TOKENS: RateLimiter = RateLimiter::rate("tokens", 90_000, Duration::from_secs(60), 10_000);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// TOKENS.acquire(4_000).await.unwrap();
    /// assert_eq!(TOKENS.acquire(8_000).await.unwrap_err().code(), "rate_limited");
    /// assert_eq!(TOKENS.acquire(10_001).await.unwrap_err().code(), "too_costly"); // never free
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Limited`](crate::Reason::Limited) when it would have to wait for longer than it may,
    /// [`TooCostly`](crate::Reason::TooCostly) when the limit never has so much free.
    pub fn acquire(&self, cost: u32) -> impl Future<Output = Result<(), Rejection>> {
        acquired(rt::weighted(self, cost))
    }

    /// [`acquire`](Self::acquire) without waiting, whatever `max_wait` is.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let tokens = RateLimiter::rate("tokens", 90_000, Duration::from_secs(60), 10_000);
    /// tokens.try_acquire(10_000).unwrap();
    /// let refused = tokens.try_acquire(1_500).unwrap_err();
    /// assert!(refused.retry_after().unwrap() <= Duration::from_secs(1));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub fn try_acquire(&self, cost: u32) -> Result<(), Rejection> {
        rt::ask_now(rt::weighted(self, cost), ()).map_or(Ok(()), Err)
    }
}

/// # Limits for each key
impl<K, S> Keyed<K, RateLimiter<S>>
where
    RateLimiter<S>: PerKey<Own = Quota>,
{
    /// The quota is that of the key, instead of one for all. It is asked at each call, so it may
    /// read what the program has learned since; a key's calls so far count under its new quota. It
    /// must be quick, and must not ask this limiter.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::{Quota, RateLimiter};
    ///
    /// const FREE: Quota = Quota::window(1, Duration::from_secs(1));
    /// const PAID: Quota = Quota::window(50, Duration::from_secs(1));
    ///
    /// static TENANTS: Keyed<String, RateLimiter> =
    ///     Keyed::new(RateLimiter::window("tenants", 1, Duration::from_secs(1)))
    ///         .quota_of(|tenant| if tenant.starts_with("paid-") { PAID } else { FREE });
    ///
    /// TENANTS.try_acquire("paid-acme", 2).unwrap();
    /// assert_eq!(TENANTS.try_acquire("umbrella", 2).unwrap_err().code(), "too_costly");
    /// ```
    pub const fn quota_of(mut self, quota: fn(&K) -> Quota) -> Self {
        self.own = Some(quota);
        self
    }
}

/// # Without an attribute
impl<K: Hash + Eq + Send + Sync + 'static> Keyed<K, RateLimiter> {
    /// Makes a call within the limit of a key. It is what `#[rate_limit(TENANTS, key = tenant)]`
    /// expands to.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Rejection;
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static TENANTS: Keyed<String, RateLimiter> =
    ///     Keyed::new(RateLimiter::window("tenants", 1, Duration::from_secs(1)));
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let list = async |tenant: &str| TENANTS.call(tenant, async || Ok::<_, Rejection>(())).await;
    /// assert!(list("acme").await.is_ok());
    /// assert!(list("acme").await.is_err());
    /// assert!(list("umbrella").await.is_ok());
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The closure's own, or a refusal by the limiter as one of them. It also refuses a new key
    /// when there are as many as there may be and all are in use.
    pub fn call<'a, Q, F, Fut, T, E>(&'a self, key: &'a Q, work: F) -> impl Future<Output = Result<T, E>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        Call::New { desk: self.desk(key, 1), work: Some(work) }
    }

    /// Takes so much of the limit of a key, waiting for it up to `max_wait`.
    ///
    /// See [`RateLimiter::acquire`], which does it for a limiter without keys.
    ///
    /// # Errors
    ///
    /// As [`RateLimiter::acquire`], and as [`call`](Self::call) for a new key.
    pub fn acquire<'a, Q>(&'a self, key: &'a Q, cost: u32) -> impl Future<Output = Result<(), Rejection>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        acquired(self.desk(key, cost))
    }

    /// [`acquire`](Self::acquire) without waiting, whatever `max_wait` is.
    ///
    /// See [`quota_of`](Self::quota_of) for an example.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub fn try_acquire<Q>(&self, key: &Q, cost: u32) -> Result<(), Rejection>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        rt::ask_now(self.desk(key, cost), ()).map_or(Ok(()), Err)
    }

    fn desk<'a, Q>(&'a self, key: &'a Q, cost: u32) -> OfKey<'a, Lone<ByRef<'a, Q>>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        rt::of_key(self.view(), Self::key(key), cost)
    }
}

pin_project! {
    /// A call behind a limiter.
    #[project = CallProjection]
    #[must_use = "futures do nothing unless polled"]
    enum Call<D, F, Fut>
    where
        D: Desk,
    {
        New { desk: D, work: Option<F> },
        Asking { #[pin] admission: Admission<D>, work: Option<F> },
        Working { #[pin] work: Fut },
        Done,
    }
}

impl<D, F, Fut, T, E> Future for Call<D, F, Fut>
where
    D: Desk,
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: From<Rejection>,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let next = match self.as_mut().project() {
                CallProjection::New { desk, work } if rt::passes(desk) => Self::begin(work.take()),
                CallProjection::New { desk, work } => {
                    Self::Asking { admission: Admission::new(*desk, ()), work: work.take() }
                }
                CallProjection::Asking { admission, work } => match ready!(admission.poll(cx)) {
                    None => Self::begin(work.take()),
                    Some(refused) => {
                        self.set(Self::Done);
                        return Poll::Ready(Err(refused.into()));
                    }
                },
                CallProjection::Working { work } => return work.poll(cx),
                CallProjection::Done => return Poll::Pending,
            };
            self.set(next);
        }
    }
}

impl<D: Desk, F: FnOnce() -> Fut, Fut> Call<D, F, Fut> {
    fn begin(work: Option<F>) -> Self {
        work.map_or(Self::Done, |work| Self::Working { work: work() })
    }
}

/// Asks at the first poll, and waits where it has to.
#[expect(clippy::manual_async_fn, reason = "an `async fn` copies what it is given once more")]
fn acquired<D: Desk>(desk: D) -> impl Future<Output = Result<(), Rejection>> {
    async move {
        if rt::passes(&desk) {
            return Ok(());
        }
        rt::arrive(desk).await.map_or(Ok(()), Err)
    }
}
