//! How long it stays open, and what closes it again.

use std::time::Duration;

use crate::PolicyError;
use crate::circuit_breaker::CircuitBreaker;

/// # Recovery
impl CircuitBreaker {
    /// How long it stays open before it lets a probe through. Default 30 seconds. Any length
    /// works, parts of a second too.
    ///
    /// # Panics
    ///
    /// On zero, and on more than [`max_recovery_timeout`](Self::max_recovery_timeout) where that is
    /// set; in a `static` that is a compile error. See
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
    pub const fn recovery_timeout(self, timeout: Duration) -> Self {
        let step = self.policy.built.recovery_timeout(timeout);
        self.with(step)
    }

    /// [`recovery_timeout`](Self::recovery_timeout) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero, and on more than [`max_recovery_timeout`](Self::max_recovery_timeout) where that is
    /// set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// let error = CircuitBreaker::new("gateway").try_recovery_timeout(Duration::ZERO).unwrap_err();
    /// assert_eq!(error.to_string(), "`recovery_timeout` must be longer than zero");
    /// ```
    pub fn try_recovery_timeout(self, timeout: Duration) -> Result<Self, PolicyError> {
        let step = self.policy.built.recovery_timeout(timeout);
        self.try_with(step)
    }

    /// How much longer it stays open each time a probe has failed: each time by this factor, from
    /// [`recovery_timeout`](Self::recovery_timeout) up to
    /// [`max_recovery_timeout`](Self::max_recovery_timeout). A breaker that has closed begins anew.
    /// Default 1: every time the same.
    ///
    /// # Panics
    ///
    /// On less than 1, more than 1000, and what is no number; in a `static` that is a compile error.
    /// See [`try_recovery_backoff`](Self::try_recovery_backoff) for values known at run time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// // Open for 5 s, then 10 s, 20 s, 40 s, and from then on a minute.
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway")
    ///     .recovery_timeout(Duration::from_secs(5))
    ///     .recovery_backoff(2.0)
    ///     .max_recovery_timeout(Duration::from_secs(60));
    /// # GATEWAY.state();
    /// ```
    pub const fn recovery_backoff(self, factor: f64) -> Self {
        let step = self.policy.built.recovery_backoff(factor);
        self.with(step)
    }

    /// [`recovery_backoff`](Self::recovery_backoff) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On less than 1, more than 1000, and what is no number.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert!(CircuitBreaker::new("gateway").try_recovery_backoff(0.5).is_err());
    /// ```
    pub fn try_recovery_backoff(self, factor: f64) -> Result<Self, PolicyError> {
        let step = self.policy.built.recovery_backoff(factor);
        self.try_with(step)
    }

    /// The longest that [`recovery_backoff`](Self::recovery_backoff) makes it stay open. It follows
    /// that step. Default 10 minutes, or [`recovery_timeout`](Self::recovery_timeout) where that is
    /// longer.
    ///
    /// # Panics
    ///
    /// Without `recovery_backoff` before it, and on less than `recovery_timeout`; in a `static` that
    /// is a compile error. See [`try_max_recovery_timeout`](Self::try_max_recovery_timeout) for
    /// values known at run time.
    ///
    /// See [`recovery_backoff`](Self::recovery_backoff) for an example.
    pub const fn max_recovery_timeout(self, longest: Duration) -> Self {
        let step = self.policy.built.max_recovery_timeout(longest);
        self.with(step)
    }

    /// [`max_recovery_timeout`](Self::max_recovery_timeout) for a value known at run time.
    ///
    /// # Errors
    ///
    /// Without `recovery_backoff` before it, and on less than `recovery_timeout`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// let breaker = CircuitBreaker::new("gateway").recovery_backoff(2.0);
    /// let error = breaker.try_max_recovery_timeout(Duration::from_secs(29)).unwrap_err();
    /// assert_eq!(error.to_string(), "`max_recovery_timeout` must not be shorter than `recovery_timeout`");
    /// ```
    pub fn try_max_recovery_timeout(self, longest: Duration) -> Result<Self, PolicyError> {
        let step = self.policy.built.max_recovery_timeout(longest);
        self.try_with(step)
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
    pub const fn half_open_max_calls(self, calls: u32) -> Self {
        let step = self.policy.built.half_open_max_calls(calls);
        self.with(step)
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
    pub fn try_half_open_max_calls(self, calls: u32) -> Result<Self, PolicyError> {
        let step = self.policy.built.half_open_max_calls(calls);
        self.try_with(step)
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
    pub const fn success_threshold(self, successes: u32) -> Self {
        let step = self.policy.built.success_threshold(successes);
        self.with(step)
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
    pub fn try_success_threshold(self, successes: u32) -> Result<Self, PolicyError> {
        let step = self.policy.built.success_threshold(successes);
        self.try_with(step)
    }
}
