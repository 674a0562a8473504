//! A limit's length from outside.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timeout;
use crate::config::duration;
use crate::{ConfigureError, PolicyError};

/// The settings of a [`Timeout`] as they come from outside: TOML, JSON, the environment.
///
/// ```
/// use std::time::Duration;
/// use steadfast::timeout::{Timeout, TimeoutConfig};
///
/// let config: TimeoutConfig = serde_json::from_str(r#"{ "after": "1s 500ms" }"#).unwrap();
/// let gateway = Timeout::from_config("gateway", &config).unwrap();
/// assert_eq!(gateway.after(), Duration::from_millis(1500));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeoutConfig {
    /// How long a call may take, longer than zero. It has no default.
    #[serde(with = "duration")]
    pub after: Option<Duration>,
}

impl Timeout {
    /// A limit of a length from outside.
    ///
    /// See [`TimeoutConfig`] for an example.
    ///
    /// # Errors
    /// Where `after` is zero, or not there.
    pub fn from_config(name: &'static str, config: &TimeoutConfig) -> Result<Self, PolicyError> {
        match config.after {
            Some(after) => Self::try_new(name, after),
            None => Err(PolicyError::new("after", "says how long a call may take, and is not there")),
        }
    }

    /// Puts a length from outside in force over the one it was built with, once, at start-up.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::timeout::{Timeout, TimeoutConfig};
    ///
    /// static GATEWAY: Timeout = Timeout::new("gateway", Duration::from_secs(2));
    ///
    /// GATEWAY.configure(&TimeoutConfig { after: Some(Duration::from_secs(5)) }).unwrap();
    /// assert_eq!(GATEWAY.after(), Duration::from_secs(5));
    /// ```
    ///
    /// # Errors
    /// Where `after` is zero; or that it was configured before.
    pub fn configure(&self, config: &TimeoutConfig) -> Result<(), ConfigureError> {
        let after = config.after.unwrap_or(self.after.built);
        self.after.configure(Self::checked(after)?)
    }
}
