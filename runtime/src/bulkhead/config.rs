//! Settings from outside the program.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Bulkhead;
use super::policy::Policy;
use crate::scope::here;
use crate::{ConfigureError, PolicyError, config};

/// A bulkhead's settings as a file or an environment has them. What is not given stays as it is.
///
/// ```
/// use std::time::Duration;
/// use steadfast::bulkhead::{Bulkhead, BulkheadConfig};
///
/// let config: BulkheadConfig = serde_json::from_str(r#"{ "max_concurrent": 10, "max_wait": "2s" }"#)?;
/// assert_eq!(config.max_wait, Some(Duration::from_secs(2)));
/// let reports = Bulkhead::from_config("reports", &config)?;
/// # let _ = reports;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BulkheadConfig {
    /// How many calls may run at once; at least 1. A bulkhead built of a config needs it.
    #[serde(with = "config::number", skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    /// How long a call may wait for a place, with a unit: `"500ms"`. Default: it does not wait.
    #[serde(with = "config::duration", skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<Duration>,
}

impl Bulkhead {
    /// A bulkhead of these settings.
    ///
    /// # Errors
    ///
    /// Where `max_concurrent` is missing or zero.
    ///
    /// ```
    /// use steadfast::bulkhead::{Bulkhead, BulkheadConfig};
    ///
    /// let error = Bulkhead::from_config("reports", &BulkheadConfig::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "`max_concurrent` is required");
    /// ```
    pub fn from_config(name: &'static str, config: &BulkheadConfig) -> Result<Self, PolicyError> {
        let Some(max_concurrent) = config.max_concurrent else {
            return Err(PolicyError::new("max_concurrent", "is required"));
        };
        let bulkhead = Self::try_new(name, max_concurrent)?;
        Ok(bulkhead.max_wait(config.max_wait.unwrap_or_default()))
    }

    /// Puts the given settings in force over those it was built with. It is done once, at start-up.
    ///
    /// Calls that run keep their places: where there are fewer places now than calls, those that end
    /// take theirs along until the number is right.
    ///
    /// # Errors
    ///
    /// On a value that cannot be, and when it was configured before. Nothing is changed then.
    ///
    /// ```
    /// use steadfast::bulkhead::{Bulkhead, BulkheadConfig};
    ///
    /// static REPORTS: Bulkhead = Bulkhead::new("reports", 10);
    ///
    /// let config = BulkheadConfig { max_concurrent: Some(50), ..BulkheadConfig::default() };
    /// REPORTS.configure(&config)?;
    /// assert!(REPORTS.configure(&config).is_err()); // once
    /// # Ok::<(), steadfast::ConfigureError>(())
    /// ```
    pub fn configure(&self, config: &BulkheadConfig) -> Result<(), ConfigureError> {
        let this = here(self);
        let before = *this.settings.get();
        let mut policy = Policy::new(config.max_concurrent.unwrap_or(before.max_concurrent))?;
        policy.max_wait = config.max_wait.unwrap_or(before.max_wait);
        this.settings.configure(policy)?;
        this.places.resize(before.max_concurrent, policy.max_concurrent);
        Ok(())
    }
}
