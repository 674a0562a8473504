//! When a breaker opens, for how long, and what closes it again.

use std::time::Duration;

use super::CircuitBreaker;
use crate::PolicyError;
use crate::policy::checked;

/// Settings that cannot be wrong, apart from any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) failure_threshold: u32,
    pub(super) recovery_timeout: Duration,
    pub(super) half_open_max_calls: u32,
    pub(super) success_threshold: u32,
}

impl Policy {
    pub(super) const DEFAULT: Self = Self {
        failure_threshold: 5,
        recovery_timeout: Duration::from_secs(30),
        half_open_max_calls: 1,
        success_threshold: 1,
    };

    pub(super) const fn failure_threshold(mut self, failures: u32) -> Result<Self, PolicyError> {
        self.failure_threshold = failures;
        at_least_one(self, "failure_threshold", failures)
    }

    pub(super) const fn recovery_timeout(mut self, timeout: Duration) -> Result<Self, PolicyError> {
        if timeout.is_zero() {
            return Err(PolicyError::new("recovery_timeout", "must be longer than zero"));
        }
        self.recovery_timeout = timeout;
        Ok(self)
    }

    pub(super) const fn half_open_max_calls(mut self, calls: u32) -> Result<Self, PolicyError> {
        self.half_open_max_calls = calls;
        at_least_one(self, "half_open_max_calls", calls)
    }

    pub(super) const fn success_threshold(mut self, successes: u32) -> Result<Self, PolicyError> {
        self.success_threshold = successes;
        at_least_one(self, "success_threshold", successes)
    }
}

const fn at_least_one(policy: Policy, setting: &'static str, value: u32) -> Result<Policy, PolicyError> {
    match value {
        0 => Err(PolicyError::new(setting, "must be at least 1")),
        _ => Ok(policy),
    }
}

/// # Settings
impl CircuitBreaker {
    /// How many failures in a row open it. Default 5.
    ///
    /// # Panics
    ///
    /// On zero; in a `static` that is a compile error. See
    /// [`try_failure_threshold`](Self::try_failure_threshold) for values known at run time.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_threshold(10);
    /// # GATEWAY.state();
    /// ```
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        self.policy = checked!(self.policy.failure_threshold(failures));
        self
    }

    /// [`failure_threshold`](Self::failure_threshold) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert!(CircuitBreaker::new("gateway").try_failure_threshold(10).is_ok());
    /// assert!(CircuitBreaker::new("gateway").try_failure_threshold(0).is_err());
    /// ```
    pub fn try_failure_threshold(mut self, failures: u32) -> Result<Self, PolicyError> {
        self.policy = self.policy.failure_threshold(failures)?;
        Ok(self)
    }

    /// How long it stays open before it lets a probe through. Default 30 seconds. Any length
    /// works, parts of a second too.
    ///
    /// # Panics
    ///
    /// On zero; in a `static` that is a compile error. See
    /// [`try_recovery_timeout`](Self::try_recovery_timeout) for values known at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker =
    ///     CircuitBreaker::new("gateway").recovery_timeout(Duration::from_millis(500));
    /// # GATEWAY.state();
    /// ```
    pub const fn recovery_timeout(mut self, timeout: Duration) -> Self {
        self.policy = checked!(self.policy.recovery_timeout(timeout));
        self
    }

    /// [`recovery_timeout`](Self::recovery_timeout) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// let error = CircuitBreaker::new("gateway").try_recovery_timeout(Duration::ZERO).unwrap_err();
    /// assert_eq!(error.to_string(), "`recovery_timeout` must be longer than zero");
    /// ```
    pub fn try_recovery_timeout(mut self, timeout: Duration) -> Result<Self, PolicyError> {
        self.policy = self.policy.recovery_timeout(timeout)?;
        Ok(self)
    }

    /// How many probes may be under way at once while half open. Default 1.
    ///
    /// # Panics
    ///
    /// On zero; in a `static` that is a compile error. See
    /// [`try_half_open_max_calls`](Self::try_half_open_max_calls) for values known at run time.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").half_open_max_calls(3);
    /// # GATEWAY.state();
    /// ```
    pub const fn half_open_max_calls(mut self, calls: u32) -> Self {
        self.policy = checked!(self.policy.half_open_max_calls(calls));
        self
    }

    /// [`half_open_max_calls`](Self::half_open_max_calls) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert!(CircuitBreaker::new("gateway").try_half_open_max_calls(0).is_err());
    /// ```
    pub fn try_half_open_max_calls(mut self, calls: u32) -> Result<Self, PolicyError> {
        self.policy = self.policy.half_open_max_calls(calls)?;
        Ok(self)
    }

    /// How many probes must succeed, without one that fails, to close it. Default 1. It may be
    /// more than [`half_open_max_calls`](Self::half_open_max_calls): then the probes come in
    /// several rounds.
    ///
    /// # Panics
    ///
    /// On zero; in a `static` that is a compile error. See
    /// [`try_success_threshold`](Self::try_success_threshold) for values known at run time.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").success_threshold(3);
    /// # GATEWAY.state();
    /// ```
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        self.policy = checked!(self.policy.success_threshold(successes));
        self
    }

    /// [`success_threshold`](Self::success_threshold) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert!(CircuitBreaker::new("gateway").try_success_threshold(0).is_err());
    /// ```
    pub fn try_success_threshold(mut self, successes: u32) -> Result<Self, PolicyError> {
        self.policy = self.policy.success_threshold(successes)?;
        Ok(self)
    }
}
