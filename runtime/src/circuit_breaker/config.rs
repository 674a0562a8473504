//! A breaker's settings from outside the program.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::CircuitBreaker;
use super::policy::{Policy, Window};
use crate::config::{duration, number};
use crate::scope::here;
use crate::{ConfigureError, PolicyError};

/// The settings of a [`CircuitBreaker`] as serde reads them, each by its name on the attribute. What
/// is not there stays as it is.
///
/// ```
/// use steadfast::circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
///
/// let config: CircuitBreakerConfig =
///     serde_json::from_str(r#"{ "failure_rate": 0.3, "window": "1m", "recovery_timeout": "10s" }"#)?;
/// let gateway = CircuitBreaker::from_config("gateway", &config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CircuitBreakerConfig {
    /// See [`CircuitBreaker::failure_threshold`].
    #[serde(with = "number")]
    pub failure_threshold: Option<u32>,
    /// See [`CircuitBreaker::failure_rate`].
    #[serde(with = "number")]
    pub failure_rate: Option<f64>,
    /// See [`CircuitBreaker::window`] and [`CircuitBreaker::window_calls`].
    pub window: Option<Window>,
    /// See [`CircuitBreaker::minimum_calls`].
    #[serde(with = "number")]
    pub minimum_calls: Option<u32>,
    /// See [`CircuitBreaker::slow_call`].
    #[serde(with = "duration")]
    pub slow_call: Option<Duration>,
    /// See [`CircuitBreaker::slow_rate`].
    #[serde(with = "number")]
    pub slow_rate: Option<f64>,
    /// See [`CircuitBreaker::recovery_timeout`].
    #[serde(with = "duration")]
    pub recovery_timeout: Option<Duration>,
    /// See [`CircuitBreaker::recovery_backoff`].
    #[serde(with = "number")]
    pub recovery_backoff: Option<f64>,
    /// See [`CircuitBreaker::max_recovery_timeout`].
    #[serde(with = "duration")]
    pub max_recovery_timeout: Option<Duration>,
    /// See [`CircuitBreaker::half_open_max_calls`].
    #[serde(with = "number")]
    pub half_open_max_calls: Option<u32>,
    /// See [`CircuitBreaker::success_threshold`].
    #[serde(with = "number")]
    pub success_threshold: Option<u32>,
}

impl CircuitBreakerConfig {
    /// These settings over others.
    pub(super) fn over(&self, built: Policy) -> Result<Policy, PolicyError> {
        let mut policy = self.kind(built);
        policy = with(policy, self.failure_threshold, Policy::failure_threshold)?;
        policy = with(policy, self.failure_rate, Policy::failure_rate)?;
        policy = with(policy, self.window, Policy::window)?;
        policy = with(policy, self.minimum_calls, Policy::minimum_calls)?;
        policy = with(policy, self.slow_call, Policy::slow_call)?;
        policy = with(policy, self.slow_rate, Policy::slow_rate)?;
        policy = with(policy, self.recovery_timeout, Policy::recovery_timeout)?;
        policy = with(policy, self.recovery_backoff, Policy::recovery_backoff)?;
        policy = with(policy, self.max_recovery_timeout, Policy::max_recovery_timeout)?;
        policy = with(policy, self.half_open_max_calls, Policy::half_open_max_calls)?;
        policy = with(policy, self.success_threshold, Policy::success_threshold)?;
        policy.fits()
    }

    /// Settings of one kind take the place of the other kind's. Settings of both are refused, as
    /// those of an attribute are.
    fn kind(&self, built: Policy) -> Policy {
        let by_rate = self.failure_rate.is_some()
            || self.window.is_some()
            || self.minimum_calls.is_some()
            || self.slow_call.is_some()
            || self.slow_rate.is_some();
        match (self.failure_threshold.is_some(), by_rate) {
            (true, _) => Policy { rate: None, ..built },
            (false, true) => Policy { failure_threshold: None, ..built },
            (false, false) => built,
        }
    }
}

fn with<T>(
    policy: Policy,
    value: Option<T>,
    step: impl FnOnce(Policy, T) -> Result<Policy, PolicyError>,
) -> Result<Policy, PolicyError> {
    match value {
        Some(value) => step(policy, value),
        None => Ok(policy),
    }
}

/// # Configuration
impl CircuitBreaker {
    /// A breaker of the given settings, and the defaults of the others.
    ///
    /// # Errors
    ///
    /// A setting that has a value it cannot have, by its name.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// let config = CircuitBreakerConfig { failure_threshold: Some(0), ..Default::default() };
    /// let error = CircuitBreaker::from_config("gateway", &config).unwrap_err();
    /// assert_eq!(error.to_string(), "`failure_threshold` must be at least 1");
    /// ```
    pub fn from_config(name: &'static str, config: &CircuitBreakerConfig) -> Result<Self, PolicyError> {
        Ok(Self::of(name, config.over(Policy::DEFAULT)?))
    }

    /// Puts the given settings in force over those it was built with, once, at start-up. Settings of
    /// a rate take the place of a `failure_threshold`, and the other way round. The state begins anew.
    ///
    /// # Errors
    ///
    /// A setting that has a value it cannot have, and a breaker that was configured before. Then all
    /// is as it was.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_threshold(5);
    ///
    /// let config = CircuitBreakerConfig { failure_rate: Some(0.3), ..Default::default() };
    /// GATEWAY.configure(&config)?;
    /// assert!(GATEWAY.configure(&config).is_err()); // once
    /// # Ok::<(), steadfast::ConfigureError>(())
    /// ```
    pub fn configure(&self, config: &CircuitBreakerConfig) -> Result<(), ConfigureError> {
        let this = here(self);
        let policy = config.over(this.policy.built)?;
        let change = this.update(|core| {
            this.policy.configure(policy)?;
            Ok::<_, ConfigureError>(core.begin_anew())
        })?;
        this.tell(change);
        Ok(())
    }
}
