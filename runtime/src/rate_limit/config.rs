//! Settings from outside the program.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limiter::Terms;
use super::quota::Counted;
use super::{Quota, RateLimiter};
use crate::keyed::Keyed;
use crate::{ConfigureError, PolicyError};

/// The settings of a [`RateLimiter`], as they come from a file or the environment. Each has the
/// name and the meaning that it has on the attribute; one that is not there leaves what was built.
///
/// ```
/// use std::time::Duration;
/// use steadfast::rate_limit::{RateLimiter, RateLimiterConfig};
///
/// let config: RateLimiterConfig = serde_json::from_str(r#"{ "rate": "600/1m", "max_wait": "2s" }"#)?;
/// let searches = RateLimiter::from_config("searches", &config)?;
///
/// let unusable = RateLimiterConfig { max_calls: Some(0), period: Some(Duration::from_secs(1)), ..Default::default() };
/// let error = RateLimiter::from_config("searches", &unusable).unwrap_err();
/// assert_eq!(error.to_string(), "`max_calls` must be at least 1");
/// # let _ = searches;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimiterConfig {
    /// How many calls in any period.
    #[serde(with = "crate::config::number", skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u32>,
    /// The period, such as `"1m"`.
    #[serde(with = "crate::config::duration", skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// So many calls in such a time, evenly: `"100/1m"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// How many calls may come at once. With a new `rate` it is the rate's calls, unless it is
    /// said.
    #[serde(with = "crate::config::number", skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// How long a call may wait for its turn, such as `"500ms"`.
    #[serde(with = "crate::config::duration", skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Duration>,
    /// How many keys there may be at once. Only a limiter for each key has it.
    #[serde(with = "crate::config::number", skip_serializing_if = "Option::is_none")]
    pub max_keys: Option<u32>,
    /// Whether the limit is somebody else's, so that a refusal is a 503 and not a 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downstream: Option<bool>,
}

impl RateLimiterConfig {
    /// The quota, given the one before.
    fn quota(&self, before: Option<Quota>) -> Result<Quota, PolicyError> {
        let window = self.max_calls.is_some() || self.period.is_some();
        if self.rate.is_some() && window {
            return Err(PolicyError::new("rate", "and `max_calls` with `period` are two ways to limit; keep one"));
        }
        match (before.map(|before| before.0), &self.rate) {
            (_, Some(rate)) => {
                let (calls, per) = read_rate(rate)?;
                Quota::try_rate(calls, per, self.burst.unwrap_or(calls))
            }
            (Some(Counted::Rate { calls, per, burst, .. }), None) if !window => {
                Quota::try_rate(calls, per, self.burst.unwrap_or(burst))
            }
            _ if self.burst.is_some() => Err(PolicyError::new("burst", "belongs to `rate`; a window has none")),
            (Some(Counted::Window { max_calls, period }), None) => {
                Quota::try_window(self.max_calls.unwrap_or(max_calls), self.period.unwrap_or(period))
            }
            _ => self.whole_window(),
        }
    }

    /// A window where there was none before.
    fn whole_window(&self) -> Result<Quota, PolicyError> {
        match (self.max_calls, self.period) {
            (Some(max_calls), Some(period)) => Quota::try_window(max_calls, period),
            (Some(_), None) => Err(PolicyError::new("period", "is missing: `max_calls` in what time?")),
            (None, Some(_)) => Err(PolicyError::new("max_calls", "is missing: how many calls in that `period`?")),
            (None, None) => Err(PolicyError::new("max_calls", "is missing: write it with `period`, or write `rate`")),
        }
    }

    pub(super) fn terms(&self, before: Option<&Terms>) -> Result<Terms, PolicyError> {
        Ok(Terms {
            quota: self.quota(before.map(|before| before.quota))?,
            max_wait: self.max_wait.or(before.map(|before| before.max_wait)).unwrap_or_default(),
            downstream: self.downstream.or(before.map(|before| before.downstream)).unwrap_or_default(),
        })
    }

    pub(super) fn without_keys(&self) -> Result<(), PolicyError> {
        match self.max_keys {
            Some(_) => Err(PolicyError::new("max_keys", "belongs to a limiter for each key")),
            None => Ok(()),
        }
    }
}

/// `100/1m`.
fn read_rate(rate: &str) -> Result<(u32, Duration), PolicyError> {
    let read = || {
        let (calls, per) = rate.split_once('/')?;
        let calls = calls.trim().parse().ok()?;
        let per = crate::config::duration::parse(per).ok()?;
        Some((calls, per))
    };
    read().ok_or(PolicyError::new("rate", "must be calls per time, such as `100/1m`"))
}

/// # From outside
impl RateLimiter {
    /// A limiter of settings from outside.
    ///
    /// # Errors
    ///
    /// When it is not said how many calls are allowed, or a setting has a value that it cannot have.
    ///
    /// See [`RateLimiterConfig`] for an example.
    pub fn from_config(name: &'static str, config: &RateLimiterConfig) -> Result<Self, PolicyError> {
        config.without_keys()?;
        Ok(Self::with(name, config.terms(None)?))
    }

    /// Puts the settings that are there in force over those it was built with. It is done once, at
    /// start-up; what was let through before counts under the new limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::rate_limit::{RateLimiter, RateLimiterConfig};
    ///
    /// static GATEWAY_CALLS: RateLimiter = RateLimiter::window("gateway_calls", 100, Duration::from_secs(60));
    ///
    /// let config = RateLimiterConfig { max_calls: Some(20), ..Default::default() };
    /// GATEWAY_CALLS.configure(&config).unwrap();
    /// assert!(GATEWAY_CALLS.configure(&config).is_err()); // once
    /// ```
    ///
    /// # Errors
    ///
    /// When a setting has a value that it cannot have, or the limiter was configured before.
    pub fn configure(&self, config: &RateLimiterConfig) -> Result<(), ConfigureError> {
        config.without_keys()?;
        let this = crate::scope::here(self);
        this.terms.configure(config.terms(Some(this.terms.get()))?)
    }
}

/// # From outside
impl<K> Keyed<K, RateLimiter> {
    /// A limiter for each key, of settings from outside.
    ///
    /// ```
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::{RateLimiter, RateLimiterConfig};
    ///
    /// let config: RateLimiterConfig = serde_json::from_str(r#"{ "rate": "10/1s", "max_keys": 500 }"#)?;
    /// let tenants: Keyed<String, RateLimiter> = Keyed::from_config("tenants", &config)?;
    /// # let _ = tenants;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not said how many calls are allowed, or a setting has a value that it cannot have.
    pub fn from_config(name: &'static str, config: &RateLimiterConfig) -> Result<Self, PolicyError> {
        let keyed = Self::new(RateLimiter::with(name, config.terms(None)?));
        match config.max_keys {
            Some(keys) => keyed.try_max_keys(keys),
            None => Ok(keyed),
        }
    }
}

/// # From outside
impl<K: std::hash::Hash + Send + 'static> Keyed<K, RateLimiter> {
    /// Puts the settings that are there in force over those it was built with, for all keys. It is
    /// done once, at start-up.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::{RateLimiter, RateLimiterConfig};
    ///
    /// static TENANTS: Keyed<String, RateLimiter> =
    ///     Keyed::new(RateLimiter::window("tenants", 100, Duration::from_secs(60)));
    ///
    /// TENANTS.configure(&RateLimiterConfig { max_keys: Some(500), ..Default::default() }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// When a setting has a value that it cannot have, or the limiter was configured before.
    pub fn configure(&self, config: &RateLimiterConfig) -> Result<(), ConfigureError> {
        let rest = RateLimiterConfig { max_keys: None, ..config.clone() };
        crate::scope::here(self).configure_with(config.max_keys, |limiter| limiter.configure(&rest))
    }
}
