//! A policy's settings from outside the program, and what it tells of itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::choices::{InFlight, MissingKey, OnUnknown};
use super::policy::{Idempotency, Terms};
use crate::config::{self, duration};
use crate::registry::{Describe, Settings};
use crate::{ConfigureError, PolicyError};

/// The settings of an [`Idempotency`] as serde reads them, each by its name on the attribute. What
/// is not there stays as it is. The name is not among them: records are kept under it.
///
/// | setting | written as |
/// |---|---|
/// | `ttl`, `lease` | a number with its unit: `"36h"`, `"1m 30s"` |
/// | `in_flight` | `"refuse"`, or `"wait 2s"` |
/// | `on_unknown` | `"refuse"` or `"rerun"`; `recover` only the attribute can say, because it names a function |
/// | `missing_key` | `"refuse"` or `"run"` |
///
/// ```
/// use steadfast::idempotent::{Idempotency, IdempotencyConfig};
///
/// let config: IdempotencyConfig = serde_json::from_str(r#"{ "ttl": "36h", "in_flight": "wait 2s" }"#)?;
/// let refunds = Idempotency::from_config("refunds", &config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdempotencyConfig {
    /// See [`Idempotency::ttl`].
    #[serde(with = "duration")]
    pub ttl: Option<Duration>,
    /// See [`Idempotency::lease`].
    #[serde(with = "duration")]
    pub lease: Option<Duration>,
    /// See [`Idempotency::in_flight`].
    pub in_flight: Option<InFlight>,
    /// See [`Idempotency::on_unknown`].
    pub on_unknown: Option<OnUnknown>,
    /// See [`Idempotency::missing_key`].
    pub missing_key: Option<MissingKey>,
}

impl IdempotencyConfig {
    /// These settings over others.
    fn over(&self, mut terms: Terms) -> Result<Terms, PolicyError> {
        if let Some(ttl) = self.ttl {
            terms = terms.ttl(ttl)?;
        }
        if let Some(lease) = self.lease {
            terms = terms.lease(lease)?;
        }
        if let Some(in_flight) = self.in_flight {
            terms = terms.in_flight(in_flight)?;
        }
        if self.on_unknown == Some(OnUnknown::Recover) {
            let why = "can be `recover` on the attribute only, which names a function to ask";
            return Err(PolicyError::new("on_unknown", why));
        }
        terms.on_unknown = self.on_unknown.unwrap_or(terms.on_unknown);
        terms.missing_key = self.missing_key.unwrap_or(terms.missing_key);
        Ok(terms)
    }
}

/// # Configuration
impl Idempotency {
    /// A policy of the given settings, and the defaults of the others.
    ///
    /// # Errors
    /// When the name is empty, and when a setting has a value that it cannot have, by its name.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::{Idempotency, IdempotencyConfig};
    ///
    /// let config = IdempotencyConfig { lease: Some(Duration::ZERO), ..Default::default() };
    /// let error = Idempotency::from_config("refunds", &config).unwrap_err();
    /// assert_eq!(error.to_string(), "`lease` must be longer than zero");
    /// ```
    pub fn from_config(name: &'static str, config: &IdempotencyConfig) -> Result<Self, PolicyError> {
        let policy = Self::try_new(name)?;
        Ok(Self::of(policy.name(), config.over(Terms::DEFAULT)?))
    }

    /// Puts the given settings in force over those it was built with, once, at start-up. Where they
    /// set `on_unknown`, a function that the attribute names for `recover` is not asked any more.
    ///
    /// # Errors
    /// When a setting has a value that it cannot have, and when the policy was configured before.
    /// Then all is as it was.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::{Idempotency, IdempotencyConfig};
    ///
    /// static REFUNDS: Idempotency = Idempotency::new("refunds");
    ///
    /// let config = IdempotencyConfig { ttl: Some(Duration::from_secs(3600)), ..Default::default() };
    /// REFUNDS.configure(&config)?;
    /// assert_eq!(REFUNDS, Idempotency::new("refunds").ttl(Duration::from_secs(3600)));
    /// assert!(REFUNDS.configure(&config).is_err()); // once
    /// # Ok::<(), steadfast::ConfigureError>(())
    /// ```
    pub fn configure(&self, config: &IdempotencyConfig) -> Result<(), ConfigureError> {
        self.put_in_force(config.over(self.built())?)
    }
}

impl Describe for Idempotency {
    fn name(&self) -> &'static str {
        self.name()
    }

    fn settings(&self) -> Settings {
        let terms = self.terms();
        Settings::from([
            ("name", self.name().to_owned()),
            ("ttl", format!("{:?}", terms.ttl)),
            ("lease", format!("{:?}", terms.lease)),
            ("in_flight", terms.in_flight.to_string()),
            ("on_unknown", terms.on_unknown.to_string()),
            ("missing_key", terms.missing_key.to_string()),
        ])
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(Self::of(self.name(), *self.terms())))
    }

    fn idempotent_name(&self) -> Option<&'static str> {
        Some(self.name())
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.terms().lease)
    }
}
