//! How many calls in how much time.

use std::time::Duration;

use super::smooth::Pace;
use crate::PolicyError;
use crate::policy::checked;

/// No burst takes longer than this to refill, so that no sum of times overflows.
const LONGEST_REFILL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How many calls in how much time: what a limiter promises.
///
/// A [`RateLimiter`](super::RateLimiter) is made of one. By itself it is what
/// [`quota_of`](crate::keyed::Keyed::quota_of) gives for a key.
///
/// ```
/// use std::time::Duration;
/// use steadfast::rate_limit::Quota;
///
/// const FREE: Quota = Quota::window(10, Duration::from_secs(1));
/// const PAID: Quota = Quota::rate(600, Duration::from_secs(60), 100);
/// assert_ne!(FREE, PAID);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota(pub(super) Counted);

/// How it is counted. It cannot be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Never more than `max_calls` in any `period`.
    Window { max_calls: u32, period: Duration },
    /// `burst` at once, and then at this pace.
    Rate { calls: u32, per: Duration, burst: u32, pace: Pace },
}

/// How a [`Quota`] is counted.
///
/// See [`Quota::counting`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a backend has to count in each of them")]
pub enum Counting {
    /// Never more than so many in any period.
    Window {
        /// How many.
        max_calls: u32,
        /// The period.
        period: Duration,
    },
    /// So many at once, and then one more at each interval (GCRA).
    Rate {
        /// The interval: `per / calls`, rounded up to whole nanoseconds.
        interval: Duration,
        /// How many at once.
        burst: u32,
    },
}

impl Quota {
    /// Never more than `max_calls` in any `period`.
    ///
    /// # Panics
    ///
    /// When either is zero; in a `const` or a `static` that is a compile error. See
    /// [`try_window`](Self::try_window) for values known at run time.
    ///
    /// See [`Quota`] for an example.
    pub const fn window(max_calls: u32, period: Duration) -> Self {
        checked!(Self::try_window(max_calls, period))
    }

    /// [`window`](Self::window) for values known at run time.
    ///
    /// # Errors
    ///
    /// When `max_calls` or `period` is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::Quota;
    ///
    /// let error = Quota::try_window(0, Duration::from_secs(1)).unwrap_err();
    /// assert_eq!(error.to_string(), "`max_calls` must be at least 1");
    /// ```
    pub const fn try_window(max_calls: u32, period: Duration) -> Result<Self, PolicyError> {
        if max_calls == 0 {
            return Err(PolicyError::new("max_calls", "must be at least 1"));
        }
        if period.is_zero() {
            return Err(PolicyError::new("period", "must be longer than zero"));
        }
        Ok(Self(Counted::Window { max_calls, period }))
    }

    /// `calls` per time on average, evenly: after `burst` calls at once, one more each
    /// `per / calls`.
    ///
    /// # Panics
    ///
    /// When one of them is zero, the rate is above one call per nanosecond, or the burst would
    /// take more than a hundred years to refill; in a `const` or a `static` that is a compile
    /// error. See [`try_rate`](Self::try_rate) for values known at run time.
    ///
    /// See [`Quota`] for an example.
    pub const fn rate(calls: u32, per: Duration, burst: u32) -> Self {
        checked!(Self::try_rate(calls, per, burst))
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
    /// use steadfast::rate_limit::Quota;
    ///
    /// let error = Quota::try_rate(100, Duration::from_secs(60), 0).unwrap_err();
    /// assert_eq!(error.setting(), "burst");
    /// ```
    pub const fn try_rate(calls: u32, per: Duration, burst: u32) -> Result<Self, PolicyError> {
        if calls == 0 {
            return Err(PolicyError::new("rate", "must be at least 1 call"));
        }
        if burst == 0 {
            return Err(PolicyError::new("burst", "must be at least 1"));
        }
        if per.is_zero() {
            return Err(PolicyError::new("rate", "must be per more than zero time"));
        }
        let nanos = per.as_nanos();
        if nanos < calls as u128 {
            return Err(PolicyError::new("rate", "must not be faster than one call per nanosecond"));
        }
        // Rounded up: an interval a fraction too short would let more through than the rate says.
        let interval = nanos.div_ceil(calls as u128);
        if interval.saturating_mul(burst as u128) > LONGEST_REFILL.as_nanos() {
            return Err(PolicyError::new("rate", "must refill the burst within a hundred years"));
        }
        let interval = interval as u64;
        let pace = Pace { interval, burst: interval.saturating_mul(burst as u64) };
        Ok(Self(Counted::Rate { calls, per, burst, pace }))
    }

    /// How it is counted, for a [`Backend`](super::Backend) that does it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::{Counting, Quota};
    ///
    /// let quota = Quota::rate(600, Duration::from_secs(60), 20);
    /// assert_eq!(quota.counting(), Counting::Rate { interval: Duration::from_millis(100), burst: 20 });
    /// ```
    pub const fn counting(&self) -> Counting {
        match self.0 {
            Counted::Window { max_calls, period } => Counting::Window { max_calls, period },
            Counted::Rate { pace, burst, .. } => {
                Counting::Rate { interval: Duration::from_nanos(pace.interval), burst }
            }
        }
    }

    /// The most that one call may cost: what is free when nobody called for long.
    pub(super) const fn most(&self) -> u32 {
        match self.0 {
            Counted::Window { max_calls, .. } => max_calls,
            Counted::Rate { burst, .. } => burst,
        }
    }
}
