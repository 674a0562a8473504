//! What a budget's settings may be, and how they come from outside.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RetryBudget;
use super::decision::Limits;
use crate::config::{duration, number};
use crate::{ConfigureError, PolicyError};

/// The settings of a [`RetryBudget`] as they come from outside: TOML, JSON, the environment. What is not
/// there stays as it is.
///
/// ```
/// use std::time::Duration;
/// use steadfast::retry::{RetryBudget, RetryBudgetConfig};
///
/// let config: RetryBudgetConfig = serde_json::from_str(r#"{ "ratio": 0.2, "window": "30s" }"#).unwrap();
/// assert_eq!(config.window, Some(Duration::from_secs(30)));
/// assert!(RetryBudget::from_config("gateway", &config).is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudgetConfig {
    /// Retries for each call, 0 to 1000. See [`RetryBudget::ratio`].
    #[serde(with = "number")]
    pub ratio: Option<f64>,
    /// Retries in each second whatever the number of calls. See [`RetryBudget::min_per_second`].
    #[serde(with = "number")]
    pub min_per_second: Option<u32>,
    /// How long calls and retries count, one second at least. See [`RetryBudget::window`].
    #[serde(with = "duration")]
    pub window: Option<Duration>,
}

impl RetryBudget {
    /// A budget with settings from outside; what they do not say has its default.
    ///
    /// See [`RetryBudgetConfig`] for an example.
    ///
    /// # Errors
    /// The first setting that cannot be, by name.
    pub fn from_config(name: &'static str, config: &RetryBudgetConfig) -> Result<Self, PolicyError> {
        Ok(Self::of(name, Limits::DEFAULT.with(config)?))
    }

    /// Puts settings from outside in force over those it was built with, once, at start-up.
    ///
    /// ```
    /// use steadfast::retry::{RetryBudget, RetryBudgetConfig};
    ///
    /// static GATEWAY: RetryBudget = RetryBudget::new("gateway");
    ///
    /// GATEWAY.configure(&RetryBudgetConfig { min_per_second: Some(1), ..Default::default() }).unwrap();
    /// assert_eq!(GATEWAY.available(), 10);
    /// ```
    ///
    /// # Errors
    /// The first setting that cannot be, by name; or that it was configured before.
    pub fn configure(&self, config: &RetryBudgetConfig) -> Result<(), ConfigureError> {
        self.limits.configure(self.limits.built.with(config)?)
    }
}

impl Limits {
    pub(super) const DEFAULT: Self = Self { ratio: 0.1, min_per_second: 10, window: Duration::from_secs(10) };

    pub(super) const fn ratio(mut self, ratio: f64) -> Result<Self, PolicyError> {
        if !ratio.is_finite() || ratio < 0.0 || ratio > 1000.0 {
            return Err(PolicyError::new("ratio", "is a number of retries for each call, from 0 to 1000"));
        }
        self.ratio = ratio;
        self.allows_something("ratio")
    }

    pub(super) const fn min_per_second(mut self, retries: u32) -> Result<Self, PolicyError> {
        self.min_per_second = retries;
        self.allows_something("min_per_second")
    }

    pub(super) const fn window(mut self, window: Duration) -> Result<Self, PolicyError> {
        if window.as_secs() == 0 {
            return Err(PolicyError::new("window", "must be one second or longer"));
        }
        self.window = window;
        Ok(self)
    }

    const fn allows_something(self, blamed: &'static str) -> Result<Self, PolicyError> {
        if self.ratio == 0.0 && self.min_per_second == 0 {
            return Err(PolicyError::new(blamed, "leaves no retry at all: `ratio` and `min_per_second` are both 0"));
        }
        Ok(self)
    }

    /// With those that are given, each checked, and all beside each other.
    fn with(self, config: &RetryBudgetConfig) -> Result<Self, PolicyError> {
        // One of the two may be 0 only beside the other, so they are checked together at the end.
        let mut merged = Self { min_per_second: 1, ..self };
        if let Some(ratio) = config.ratio {
            merged = merged.ratio(ratio)?;
        }
        if let Some(window) = config.window {
            merged = merged.window(window)?;
        }
        merged.min_per_second = config.min_per_second.unwrap_or(self.min_per_second);
        merged.allows_something(if config.ratio.is_some() { "ratio" } else { "min_per_second" })
    }
}
