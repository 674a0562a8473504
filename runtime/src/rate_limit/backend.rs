//! Where limits are kept that several processes share.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use super::Quota;

/// Keeps limits that several processes share. A [`RateLimiter`](super::RateLimiter) is made
/// [`shared`](super::RateLimiter::shared) with one.
///
/// Each method is one atomic step on the limit of one name and key, on a clock that is the same for
/// all processes: that of the backend's server. It answers in bounded time, or fails: a limiter waits
/// for as long as it takes.
///
/// A backend is a handle: its clones share their limits. One over a table in this process, for a
/// window:
///
/// ```
/// use std::collections::HashMap;
/// use std::convert::Infallible;
/// use std::sync::{Arc, Mutex, PoisonError};
/// use std::time::{Duration, Instant};
///
/// use steadfast::rate_limit::{Answer, Backend, Counting, Limit, RateLimiter, Receipt};
/// use steadfast::shared::WhenDown;
///
/// type Key = (String, Option<Vec<u8>>);
///
/// #[derive(Clone, Default)]
/// struct Table(Arc<Mutex<HashMap<Key, Vec<(Instant, u32)>>>>);
///
/// impl Table {
///     fn with<T>(&self, limit: &Limit<'_>, step: impl FnOnce(&mut Vec<(Instant, u32)>) -> T) -> T {
///         let key = (limit.name.to_owned(), limit.key.map(<[u8]>::to_vec));
///         step(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
///     }
/// }
///
/// impl Backend for Table {
///     type Error = Infallible;
///
///     async fn take(&self, limit: &Limit<'_>, cost: u32) -> Result<Answer, Infallible> {
///         let Counting::Window { max_calls, period } = limit.quota.counting() else { todo!("rates") };
///         Ok(self.with(limit, |admitted| {
///             let now = Instant::now();
///             admitted.retain(|(at, _)| now - *at < period);
///             let mut used: u32 = admitted.iter().map(|(_, cost)| cost).sum();
///             if used + cost <= max_calls {
///                 admitted.push((now, cost));
///                 return Answer::Admitted(Receipt(0)); // nothing is given back here
///             }
///             let frees_enough = |(at, freed): &&(Instant, u32)| {
///                 used -= freed;
///                 used + cost <= max_calls
///             };
///             let at = admitted.iter().find(frees_enough).map_or(now, |(at, _)| *at);
///             Answer::Wait(period - (now - at))
///         }))
///     }
///
///     async fn give_back(&self, _: &Limit<'_>, _: u32, _: Receipt) -> Result<(), Infallible> {
///         Ok(())
///     }
///
///     async fn clear(&self, limit: &Limit<'_>) -> Result<(), Infallible> {
///         Ok(self.with(limit, Vec::clear))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // Two processes, in the example two limiters of one name.
/// let table = Table::default();
/// let limiter = || RateLimiter::window("gateway", 1, Duration::from_secs(60)).shared(table.clone(), WhenDown::Refuse);
/// let (one, other) = (limiter(), limiter());
/// assert!(one.acquire(1).await.is_ok());
/// assert_eq!(other.acquire(1).await.unwrap_err().code(), "rate_limited");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` keeps no limits that processes share",
    label = "this is no backend of a limiter",
    note = "give a `steadfast_redis::Redis`, or implement `steadfast::rate_limit::Backend` for a type of yours"
)]
pub trait Backend: Clone + Send + Sync + 'static {
    /// What goes wrong. It is logged, and stands in refusals, so nothing secret may be in its text.
    type Error: Error + Send + Sync + 'static;

    /// Takes so much of the limit, or says how long until it could, if nobody else came. It costs at
    /// least 1, and never more than the limit can have free.
    fn take(&self, limit: &Limit<'_>, cost: u32) -> impl Future<Output = Result<Answer, Self::Error>> + Send;

    /// Gives back what a call took that did not happen. A window is then as if it had never come; a rate
    /// gets back what time has not made up for yet. It may do nothing: then a call that a second limiter
    /// refuses counts all the same.
    fn give_back(
        &self,
        limit: &Limit<'_>,
        cost: u32,
        receipt: Receipt,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets what was let through.
    fn clear(&self, limit: &Limit<'_>) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Which limit a [`Backend`] is asked for.
///
/// See [`Backend`] for an example.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Limit<'a> {
    /// The limiter's name: what the processes share.
    pub name: &'a str,
    /// The key's, as JSON, where there is a limit for each key. It is the caller's own: it must not
    /// stand in logs or errors.
    pub key: Option<&'a [u8]>,
    /// How many calls in how much time.
    pub quota: Quota,
}

impl<'a> Limit<'a> {
    /// The limit of that name and key, for a test of a backend.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::{Limit, Quota};
    ///
    /// let limit = Limit::new("gateway", None, Quota::window(100, Duration::from_secs(60)));
    /// assert_eq!(limit.name, "gateway");
    /// ```
    pub const fn new(name: &'a str, key: Option<&'a [u8]>, quota: Quota) -> Self {
        Self { name, key, quota }
    }
}

/// Without the key, which is the caller's own.
impl std::fmt::Debug for Limit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limit").field("name", &self.name).field("quota", &self.quota).finish_non_exhaustive()
    }
}

/// What a [`Backend`] answers.
///
/// See [`Backend`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "backends make it")]
pub enum Answer {
    /// The call goes through.
    Admitted(Receipt),
    /// It does not, and would after this time, if nobody else came.
    Wait(Duration),
}

/// By what a [`Backend`] knows again what a call took. Only the backend reads the number.
///
/// See [`Backend`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "backends make it")]
pub struct Receipt(pub u64);
