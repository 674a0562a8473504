//! Opening by the rate of failures and of slow calls.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Policy;
use crate::circuit_breaker::CircuitBreaker;
use crate::{PolicyError, clock, config};

/// Into how many parts a window of time is divided.
pub(in crate::circuit_breaker) const BUCKETS: usize = 10;

/// A window of calls is kept call by call, so it has a bound.
const MOST_CALLS: u32 = 1_000_000;

/// What a rate is taken over. In configuration: `"30s"`, or a number of calls.
///
/// ```
/// use std::time::Duration;
/// use steadfast::circuit_breaker::{CircuitBreakerConfig, Window};
///
/// let config: CircuitBreakerConfig = serde_json::from_str(r#"{ "window": "90s" }"#)?;
/// assert_eq!(config.window, Some(Window::Time(Duration::from_secs(90))));
/// let config: CircuitBreakerConfig = serde_json::from_str(r#"{ "window": 100 }"#)?;
/// assert_eq!(config.window, Some(Window::Calls(100)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The calls that ended within the last so long.
    Time(Duration),
    /// The last so many calls.
    Calls(u32),
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Time(time) => config::duration::serialize(&Some(*time), serializer),
            Self::Calls(calls) => serializer.serialize_u32(*calls),
        }
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written<'a> {
            Calls(u32),
            Text(std::borrow::Cow<'a, str>),
        }
        match Written::deserialize(deserializer)? {
            Written::Calls(calls) => Ok(Self::Calls(calls)),
            // What comes from the environment is all text.
            Written::Text(text) => match text.trim().parse() {
                Ok(calls) => Ok(Self::Calls(calls)),
                Err(_) => config::duration::parse(&text).map(Self::Time).map_err(serde::de::Error::custom),
            },
        }
    }
}

/// The settings of a breaker that opens by rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::circuit_breaker) struct Rate {
    pub(in crate::circuit_breaker) failure_rate: f64,
    pub(in crate::circuit_breaker) window: Window,
    minimum_calls: Option<u32>,
    pub(in crate::circuit_breaker) slow_call: Option<Duration>,
    slow_rate: Option<f64>,
}

impl Rate {
    pub(super) const DEFAULT: Self = Self {
        failure_rate: 0.5,
        window: Window::Time(Duration::from_secs(30)),
        minimum_calls: None,
        slow_call: None,
        slow_rate: None,
    };

    /// Below so many calls the rate is unknown.
    pub(in crate::circuit_breaker) fn minimum_calls(&self) -> u32 {
        match (self.minimum_calls, self.window) {
            (Some(calls), _) => calls,
            (None, Window::Calls(calls)) => calls.min(20),
            (None, Window::Time(_)) => 20,
        }
    }

    /// The rate of slow calls that opens it; more than all of them where no call is slow.
    pub(in crate::circuit_breaker) fn slow_rate(&self) -> f64 {
        match self.slow_call {
            Some(_) => self.slow_rate.unwrap_or(1.0),
            None => f64::INFINITY,
        }
    }

    /// Whether a success may be dated to a [granule](clock::Granule): it is short beside the parts of
    /// the window, and no call's time is taken.
    #[inline]
    pub(in crate::circuit_breaker) fn takes_granules(&self) -> bool {
        self.slow_call.is_none() && matches!(self.window, Window::Time(time) if time.as_secs() >= 1)
    }

    /// How long one part of a window of time is, in nanoseconds.
    #[inline]
    pub(in crate::circuit_breaker) fn bucket(&self) -> Option<u64> {
        match self.window {
            Window::Time(time) => Some(clock::nanos(time).div_ceil(BUCKETS as u64).max(1)),
            Window::Calls(_) => None,
        }
    }

    pub(super) const fn fits(&self) -> Result<(), PolicyError> {
        if let (Window::Calls(calls), Some(minimum)) = (self.window, self.minimum_calls)
            && minimum > calls
        {
            const MORE: &str = "must not be more than the calls of `window`, or the rate would never be known";
            return Err(PolicyError::new("minimum_calls", MORE));
        }
        if self.slow_rate.is_some() && self.slow_call.is_none() {
            return Err(PolicyError::new("slow_rate", "needs `slow_call` first: from how long on is a call slow?"));
        }
        Ok(())
    }
}

const fn is_share(value: f64) -> bool {
    value > 0.0 && value <= 1.0
}

const NO_SHARE: &str = "must be more than 0 and at most 1; 50 % is 0.5";

impl Policy {
    const fn with_rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    pub(in crate::circuit_breaker) const fn failure_rate(self, share: f64) -> Result<Self, PolicyError> {
        match self.by_rate("failure_rate") {
            Ok(_) if !is_share(share) => Err(PolicyError::new("failure_rate", NO_SHARE)),
            Ok(rate) => Ok(self.with_rate(Rate { failure_rate: share, ..rate })),
            Err(error) => Err(error),
        }
    }

    pub(in crate::circuit_breaker) const fn window(self, window: Window) -> Result<Self, PolicyError> {
        let rate = match self.by_rate("window") {
            Ok(rate) => rate,
            Err(error) => return Err(error),
        };
        match window {
            Window::Time(time) if time.is_zero() => Err(PolicyError::new("window", "must be longer than zero")),
            Window::Calls(0) => Err(PolicyError::new("window", "must be of at least 1 call")),
            Window::Calls(calls) if calls > MOST_CALLS => {
                Err(PolicyError::new("window", "must be of at most 1,000,000 calls"))
            }
            _ => Ok(self.with_rate(Rate { window, ..rate })),
        }
    }

    pub(in crate::circuit_breaker) const fn minimum_calls(self, calls: u32) -> Result<Self, PolicyError> {
        match self.by_rate("minimum_calls") {
            Ok(_) if calls == 0 => Err(PolicyError::new("minimum_calls", "must be at least 1")),
            Ok(rate) => Ok(self.with_rate(Rate { minimum_calls: Some(calls), ..rate })),
            Err(error) => Err(error),
        }
    }

    pub(in crate::circuit_breaker) const fn slow_call(self, after: Duration) -> Result<Self, PolicyError> {
        match self.by_rate("slow_call") {
            Ok(_) if after.is_zero() => Err(PolicyError::new("slow_call", "must be longer than zero")),
            Ok(rate) => Ok(self.with_rate(Rate { slow_call: Some(after), ..rate })),
            Err(error) => Err(error),
        }
    }

    pub(in crate::circuit_breaker) const fn slow_rate(self, share: f64) -> Result<Self, PolicyError> {
        match self.by_rate("slow_rate") {
            Ok(_) if !is_share(share) => Err(PolicyError::new("slow_rate", NO_SHARE)),
            Ok(rate) => Ok(self.with_rate(Rate { slow_rate: Some(share), ..rate })),
            Err(error) => Err(error),
        }
    }
}

/// # Opening by rate
///
/// Each of these makes it a breaker that opens by rate, with the defaults of the others.
impl CircuitBreaker {
    /// The rate of failures that opens it, once it is reached: more than 0, at most 1. Default 0.5.
    ///
    /// # Panics
    ///
    /// On a rate out of range, and on a breaker with a
    /// [`failure_threshold`](Self::failure_threshold); in a `static` that is a compile error. See
    /// [`try_failure_rate`](Self::try_failure_rate) for values known at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// // Open when, of at least 50 calls in the last minute, 30 % or more failed.
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway")
    ///     .failure_rate(0.3)
    ///     .window(Duration::from_secs(60))
    ///     .minimum_calls(50);
    /// # GATEWAY.state();
    /// ```
    ///
    /// ```compile_fail
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_rate(50.0);
    /// # GATEWAY.state();
    /// ```
    pub const fn failure_rate(self, share: f64) -> Self {
        let step = self.policy.built.failure_rate(share);
        self.with(step)
    }

    /// [`failure_rate`](Self::failure_rate) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On a rate out of range, and on a breaker with a `failure_threshold`.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// let error = CircuitBreaker::new("gateway").try_failure_rate(50.0).unwrap_err();
    /// assert_eq!(error.to_string(), "`failure_rate` must be more than 0 and at most 1; 50 % is 0.5");
    /// ```
    pub fn try_failure_rate(self, share: f64) -> Result<Self, PolicyError> {
        let step = self.policy.built.failure_rate(share);
        self.try_with(step)
    }

    /// The time the rate is taken over. Default 30 seconds. Any length works, parts of a second too.
    ///
    /// It moves on in tenths: a call counts for at least nine tenths of the window, and at most all
    /// of it. On Linux, and from one second on, a success is dated to some milliseconds.
    ///
    /// # Panics
    ///
    /// On zero, and on a breaker with a [`failure_threshold`](Self::failure_threshold); in a
    /// `static` that is a compile error. See [`try_window`](Self::try_window) for values known at
    /// run time.
    ///
    /// See [`failure_rate`](Self::failure_rate) for an example.
    pub const fn window(self, time: Duration) -> Self {
        let step = self.policy.built.window(Window::Time(time));
        self.with(step)
    }

    /// [`window`](Self::window), of time or of calls, for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero, on more than a million calls, on fewer calls than
    /// [`minimum_calls`](Self::minimum_calls), and on a breaker with a `failure_threshold`.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{CircuitBreaker, Window};
    ///
    /// assert!(CircuitBreaker::new("gateway").try_window(Window::Calls(100)).is_ok());
    /// assert!(CircuitBreaker::new("gateway").try_window(Window::Calls(0)).is_err());
    /// ```
    pub fn try_window(self, window: Window) -> Result<Self, PolicyError> {
        let step = self.policy.built.window(window);
        self.try_with(step)
    }

    /// Takes the rate over the last so many calls, instead of over a time. At most a million; a byte
    /// is kept for each. Such a breaker takes its lock for every call.
    ///
    /// # Panics
    ///
    /// On zero, on more than a million, on fewer than [`minimum_calls`](Self::minimum_calls), and
    /// on a breaker with a [`failure_threshold`](Self::failure_threshold); in a `static` that is a
    /// compile error. See [`try_window`](Self::try_window) for values known at run time.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").window_calls(100);
    /// # GATEWAY.state();
    /// ```
    pub const fn window_calls(self, calls: u32) -> Self {
        let step = self.policy.built.window(Window::Calls(calls));
        self.with(step)
    }

    /// Of how many calls on the rate is known; below, it cannot open the breaker. Default 20, or the
    /// calls of the window where those are fewer.
    ///
    /// # Panics
    ///
    /// On zero, on more than the calls of the window, and on a breaker with a
    /// [`failure_threshold`](Self::failure_threshold); in a `static` that is a compile error. See
    /// [`try_minimum_calls`](Self::try_minimum_calls) for values known at run time.
    ///
    /// See [`failure_rate`](Self::failure_rate) for an example.
    pub const fn minimum_calls(self, calls: u32) -> Self {
        let step = self.policy.built.minimum_calls(calls);
        self.with(step)
    }

    /// [`minimum_calls`](Self::minimum_calls) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero, on more than the calls of the window, and on a breaker with a `failure_threshold`.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("gateway").window_calls(10);
    /// assert!(breaker.try_minimum_calls(11).is_err());
    /// ```
    pub fn try_minimum_calls(self, calls: u32) -> Result<Self, PolicyError> {
        let step = self.policy.built.minimum_calls(calls);
        self.try_with(step)
    }

    /// From how long on a call is slow. Default: none is.
    ///
    /// Slow calls count beside failures, and open the breaker by a rate of their own,
    /// [`slow_rate`](Self::slow_rate). A call that is dropped after that time counts as slow, too,
    /// or a dependency that hangs would never open its breaker. A slow probe opens it again.
    ///
    /// # Panics
    ///
    /// On zero, and on a breaker with a [`failure_threshold`](Self::failure_threshold); in a
    /// `static` that is a compile error. See [`try_slow_call`](Self::try_slow_call) for values known
    /// at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// // Open when half of the calls fail, or eight of ten take two seconds.
    /// static GATEWAY: CircuitBreaker =
    ///     CircuitBreaker::new("gateway").slow_call(Duration::from_secs(2)).slow_rate(0.8);
    /// # GATEWAY.state();
    /// ```
    pub const fn slow_call(self, after: Duration) -> Self {
        let step = self.policy.built.slow_call(after);
        self.with(step)
    }

    /// [`slow_call`](Self::slow_call) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero, and on a breaker with a `failure_threshold`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert!(CircuitBreaker::new("gateway").try_slow_call(Duration::ZERO).is_err());
    /// ```
    pub fn try_slow_call(self, after: Duration) -> Result<Self, PolicyError> {
        let step = self.policy.built.slow_call(after);
        self.try_with(step)
    }

    /// The rate of slow calls that opens it, once it is reached. It follows
    /// [`slow_call`](Self::slow_call). Default 1: all of them.
    ///
    /// # Panics
    ///
    /// On a rate out of range, and without `slow_call` before it; in a `static` that is a compile
    /// error. See [`try_slow_rate`](Self::try_slow_rate) for values known at run time.
    ///
    /// See [`slow_call`](Self::slow_call) for an example.
    pub const fn slow_rate(self, share: f64) -> Self {
        let step = self.policy.built.slow_rate(share);
        self.with(step)
    }

    /// [`slow_rate`](Self::slow_rate) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On a rate out of range, and without `slow_call` before it.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// let error = CircuitBreaker::new("gateway").try_slow_rate(0.8).unwrap_err();
    /// assert!(error.to_string().starts_with("`slow_rate` needs `slow_call` first"));
    /// ```
    pub fn try_slow_rate(self, share: f64) -> Result<Self, PolicyError> {
        let step = self.policy.built.slow_rate(share);
        self.try_with(step)
    }
}
