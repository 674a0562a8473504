//! The settings of a limiter.

use std::time::Duration;

use super::{Quota, RateLimiter};
use crate::PolicyError;
use crate::policy::checked;

/// # Settings
impl RateLimiter {
    /// Never more than `max_calls` in any `period`. `name` is what refusals, logs and metrics
    /// call it.
    ///
    /// # Panics
    ///
    /// When either is zero; in a `static` that is a compile error. See
    /// [`try_window`](Self::try_window) for values known at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static GATEWAY_CALLS: RateLimiter =
    ///     RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
    /// # GATEWAY_CALLS.name();
    /// ```
    pub const fn window(name: &'static str, max_calls: u32, period: Duration) -> Self {
        Self::new(name, checked!(Quota::try_window(max_calls, period)))
    }

    /// [`window`](Self::window) for values known at run time.
    ///
    /// # Errors
    ///
    /// When `max_calls` or `period` is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let error = RateLimiter::try_window("gateway_calls", 100, Duration::ZERO).unwrap_err();
    /// assert_eq!(error.to_string(), "`period` must be longer than zero");
    /// ```
    pub fn try_window(name: &'static str, max_calls: u32, period: Duration) -> Result<Self, PolicyError> {
        Ok(Self::new(name, Quota::try_window(max_calls, period)?))
    }

    /// `calls` per time on average, evenly: after `burst` calls at once, one more each
    /// `per / calls`. `name` is what refusals, logs and metrics call it.
    ///
    /// With a burst of `N` almost `2 N` calls can go through in the first period; see the
    /// [module](mod@crate::rate_limit).
    ///
    /// # Panics
    ///
    /// When one of them is zero, the rate is above one call per nanosecond, or the burst would
    /// take more than a hundred years to refill; in a `static` that is a compile error. See
    /// [`try_rate`](Self::try_rate) for values known at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static SEARCHES: RateLimiter =
    ///     RateLimiter::rate("searches", 600, Duration::from_secs(60), 20);
    /// # SEARCHES.name();
    /// ```
    pub const fn rate(name: &'static str, calls: u32, per: Duration, burst: u32) -> Self {
        Self::new(name, checked!(Quota::try_rate(calls, per, burst)))
    }

    /// [`rate`](Self::rate) for values known at run time.
    ///
    /// # Errors
    ///
    /// When `calls`, `per` or `burst` is zero, the rate is above one call per nanosecond, or the
    /// burst would take more than a hundred years to refill.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let second = Duration::from_secs(1);
    /// let error = RateLimiter::try_rate("searches", 10, second, 0).unwrap_err();
    /// assert_eq!(error.setting(), "burst");
    /// ```
    pub fn try_rate(name: &'static str, calls: u32, per: Duration, burst: u32) -> Result<Self, PolicyError> {
        Ok(Self::new(name, Quota::try_rate(calls, per, burst)?))
    }

    /// How long a call over the limit may wait for its turn. Default zero: it is refused at once.
    ///
    /// A call that would wait longer is refused when it comes. One whose turn does not come in
    /// time after all, because timers were late, is refused a few milliseconds after `max_wait`.
    ///
    /// # Panics
    ///
    /// A call that has to wait panics in a tokio runtime that was built without its timer
    /// (`enable_time`), as every tokio timer does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static GATEWAY_CALLS: RateLimiter =
    ///     RateLimiter::window("gateway_calls", 100, Duration::from_secs(60))
    ///         .max_wait(Duration::from_millis(500));
    /// # GATEWAY_CALLS.name();
    /// ```
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.terms.built.max_wait = wait;
        self
    }

    /// The limit is somebody else's: that of an API this program calls. Then it is not the client
    /// of this program who calls too often, and a refusal is as an HTTP
    /// [`status`](crate::Rejection::status) a 503 instead of a 429.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let gateway_calls = RateLimiter::window("gateway_calls", 1, Duration::from_secs(60)).downstream();
    /// gateway_calls.try_acquire(1).unwrap();
    /// let refused = gateway_calls.try_acquire(1).unwrap_err();
    /// assert_eq!((refused.code(), refused.status()), ("rate_limited", 503));
    /// ```
    pub const fn downstream(mut self) -> Self {
        self.terms.built.downstream = true;
        self
    }
}
