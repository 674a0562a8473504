//! A cache's settings from outside the program.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{duration, number};

/// The settings of a [`Cache`](super::Cache) as a file or the environment gives them: in the words
/// of the attribute, durations as `"30s"`, numbers as numbers or as text. What is left out stays as
/// it is.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::{Cache, CacheConfig};
///
/// let config: CacheConfig = serde_json::from_str(r#"{ "ttl": "5m", "max_entries": "500" }"#).unwrap();
/// assert_eq!(config.ttl, Some(Duration::from_secs(300)));
/// let rates: Cache<String, f64> = Cache::from_config("rates", &config).unwrap();
///
/// assert!(serde_json::from_str::<CacheConfig>(r#"{ "tll": "5m" }"#).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// How old an answer may be; longer than zero. Required by
    /// [`from_config`](super::Cache::from_config).
    #[serde(with = "duration")]
    pub ttl: Option<Duration>,
    /// An entry that nobody asks for ends so long after the last hit; not longer than `ttl`.
    #[serde(with = "duration")]
    pub idle: Option<Duration>,
    /// How many entries are kept; at least 1.
    #[serde(with = "number")]
    pub max_entries: Option<u64>,
    /// How long a definite "no" is kept; longer than zero.
    #[serde(with = "duration")]
    pub negative_ttl: Option<Duration>,
    /// The age at which an entry is loaded again while it is still handed out; shorter than `ttl`.
    #[serde(with = "duration")]
    pub refresh_after: Option<Duration>,
    /// How long past its expiry a value stands in for a load that fails; longer than zero.
    #[serde(with = "duration")]
    pub stale_if_error: Option<Duration>,
}
