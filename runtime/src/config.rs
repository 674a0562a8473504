//! Settings from outside the program: how they are read, and how they take the place of those a
//! policy was built with.

use std::fmt;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use crate::PolicyError;

/// Why settings from outside were not taken.
///
/// ```
/// use steadfast::{ConfigureError, circuit_breaker::CircuitBreaker};
///
/// let error = ConfigureError::from(CircuitBreaker::new("gateway").try_failure_threshold(0).unwrap_err());
/// assert_eq!(error.to_string(), "`failure_threshold` must be at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigureError {
    /// They do not read as this policy's settings; the text names the field.
    Unreadable(String),
    /// A setting has a value that it cannot have.
    Policy(PolicyError),
    /// The policy was configured before. It is done once, at start-up.
    Again,
    /// The policy has been used already, and its settings are taken at its first use.
    InUse,
    /// The policy has no settings that could come from outside.
    Fixed,
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => f.write_str(error),
            Self::Policy(error) => error.fmt(f),
            Self::Again => f.write_str("was configured before; it is done once, at start-up"),
            Self::InUse => f.write_str("has been used already; it is configured at start-up, before its first call"),
            Self::Fixed => f.write_str("has no settings that could come from outside"),
        }
    }
}

impl std::error::Error for ConfigureError {}

impl From<PolicyError> for ConfigureError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

/// Reads one policy's settings.
pub(crate) fn read<C: DeserializeOwned>(settings: &serde_json::Value) -> Result<C, ConfigureError> {
    C::deserialize(settings).map_err(|error| ConfigureError::Unreadable(error.to_string()))
}

/// Settings as they were built, until others from outside take their place.
#[derive(Clone, Debug)]
pub(crate) struct Configurable<S> {
    pub(crate) built: S,
    configured: OnceLock<S>,
}

impl<S> Configurable<S> {
    pub(crate) const fn new(built: S) -> Self {
        Self { built, configured: OnceLock::new() }
    }

    /// The settings in force.
    #[inline]
    pub(crate) fn get(&self) -> &S {
        self.configured.get().unwrap_or(&self.built)
    }

    /// Puts others in force, once.
    pub(crate) fn configure(&self, settings: S) -> Result<(), ConfigureError> {
        self.configured.set(settings).map_err(|_| ConfigureError::Again)
    }
}

/// Durations as people write them: `"30s"`, `"1m 30s"`, `"200ms"`. For `#[serde(with = ..)]` on an
/// `Option<Duration>`.
pub(crate) mod duration {
    use std::borrow::Cow;
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.collect_str(&humantime::format_duration(*duration)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let text: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
        text.map(|text| parse(&text).map_err(D::Error::custom)).transpose()
    }

    /// A duration as a policy's settings have it.
    pub(crate) fn parse(text: &str) -> Result<Duration, String> {
        humantime::parse_duration(text.trim())
            .map_err(|error| format!("`{text}` is no duration ({error}); write a number with its unit, such as `30s`"))
    }
}

/// Numbers, also as text: what comes from the environment is all text. For `#[serde(with = ..)]` on
/// an `Option` of a number.
pub(crate) mod number {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written<'a, N> {
        Number(N),
        Text(std::borrow::Cow<'a, str>),
    }

    pub(crate) fn serialize<N: Serialize, S: Serializer>(number: &Option<N>, serializer: S) -> Result<S::Ok, S::Error> {
        number.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, N, D>(deserializer: D) -> Result<Option<N>, D::Error>
    where
        N: Deserialize<'de> + FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        match Option::<Written<'de, N>>::deserialize(deserializer)? {
            None => Ok(None),
            Some(Written::Number(number)) => Ok(Some(number)),
            Some(Written::Text(text)) => {
                let read = text.trim().parse();
                read.map(Some).map_err(|error| D::Error::custom(format!("`{text}` is no such number: {error}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Example {
        #[serde(with = "duration")]
        wait: Option<Duration>,
        #[serde(with = "number")]
        calls: Option<u32>,
    }

    fn read(json: serde_json::Value) -> Result<Example, String> {
        super::read(&json).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_read_as_people_and_as_environments_write_them() {
        let expected = Example { wait: Some(Duration::from_millis(1500)), calls: Some(7) };
        assert_eq!(read(serde_json::json!({ "wait": "1s 500ms", "calls": 7 })), Ok(expected));
        assert_eq!(read(serde_json::json!({ "calls": "7" })).unwrap().calls, Some(7));
        assert_eq!(read(serde_json::json!({ "wait": null, "calls": null })), Ok(Example::default()));
    }

    #[test]
    fn what_does_not_read_says_why() {
        let wrong = |json| read(json).unwrap_err();
        assert!(
            wrong(serde_json::json!({ "wiat": "1s" })).contains("unknown field `wiat`, expected `wait` or `calls`")
        );
        assert!(wrong(serde_json::json!({ "wait": "30" })).contains("such as `30s`"));
        assert!(wrong(serde_json::json!({ "calls": "many" })).contains("`many` is no such number"));
    }

    #[test]
    fn settings_are_taken_once() {
        let settings = Configurable::new(1);
        assert_eq!((settings.get(), settings.configure(2)), (&1, Ok(())));
        assert_eq!((settings.get(), settings.configure(3)), (&2, Err(ConfigureError::Again)));
    }
}
