//! Opening after failures in a row.

use crate::PolicyError;
use crate::circuit_breaker::CircuitBreaker;

/// # Opening after failures in a row
impl CircuitBreaker {
    /// How many failures in a row open it. Default 5. A breaker that opens [by
    /// rate](Self::failure_rate) has none.
    ///
    /// # Panics
    ///
    /// On zero, and on a breaker that opens by rate; in a `static` that is a compile error. See
    /// [`try_failure_threshold`](Self::try_failure_threshold) for values known at run time.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_threshold(10);
    /// # GATEWAY.state();
    /// ```
    pub const fn failure_threshold(self, failures: u32) -> Self {
        let step = self.policy.built.failure_threshold(failures);
        self.with(step)
    }

    /// [`failure_threshold`](Self::failure_threshold) for a value known at run time.
    ///
    /// # Errors
    ///
    /// On zero, and on a breaker that opens by rate.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert!(CircuitBreaker::new("gateway").try_failure_threshold(10).is_ok());
    /// assert!(CircuitBreaker::new("gateway").try_failure_threshold(0).is_err());
    /// ```
    pub fn try_failure_threshold(self, failures: u32) -> Result<Self, PolicyError> {
        let step = self.policy.built.failure_threshold(failures);
        self.try_with(step)
    }
}
