//! A policy's settings from outside.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::policy::{Delays, MAX_DELAY, Plan, Settings};
use super::{Jitter, RetryPolicy};
use crate::config::{duration, number};
use crate::{ConfigureError, PolicyError};

/// The settings of a [`RetryPolicy`] as they come from outside: TOML, JSON, the environment. What is not
/// there stays as it is.
///
/// There is one way to compute pauses, so one from outside takes the place of the one built in:
/// `delays` that of `delay`, `backoff`, `max_delay` and a schedule; `delay`, `backoff` or `jitter` that of
/// a schedule; `delay`, `backoff` or `max_delay` that of `delays`.
///
/// ```
/// use std::time::Duration;
/// use steadfast::retry::{RetryConfig, RetryPolicy};
///
/// let config: RetryConfig = serde_json::from_str(r#"{ "max_attempts": 5, "delay": "200ms" }"#).unwrap();
/// assert_eq!(config.delay, Some(Duration::from_millis(200)));
///
/// let gateway = RetryPolicy::from_config("gateway", &config).unwrap();
/// assert_eq!(gateway.name(), "gateway");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// How many calls at most, the first included. See [`RetryPolicy::max_attempts`].
    #[serde(with = "number")]
    pub max_attempts: Option<u32>,
    /// The pause before the second attempt. See [`RetryPolicy::delay`].
    #[serde(with = "duration")]
    pub delay: Option<Duration>,
    /// By what each pause grows, from 1 to 1000. See [`RetryPolicy::backoff`].
    #[serde(with = "number")]
    pub backoff: Option<f64>,
    /// The longest pause that is computed. See [`RetryPolicy::max_delay`].
    #[serde(with = "duration")]
    pub max_delay: Option<Duration>,
    /// The pauses one by one, as a list or as text with commas. See [`RetryPolicy::delays`].
    #[serde(with = "durations")]
    pub delays: Option<Vec<Duration>>,
    /// How chance changes the pauses. See [`RetryPolicy::jitter`].
    pub jitter: Option<Jitter>,
    /// How long after the start another attempt may begin. See [`RetryPolicy::max_elapsed`].
    #[serde(with = "duration")]
    pub max_elapsed: Option<Duration>,
}

impl RetryPolicy {
    /// A policy with settings from outside; what they do not say has its default.
    ///
    /// See [`RetryConfig`] for an example.
    ///
    /// # Errors
    /// The first setting that cannot be, or not beside another, by name.
    pub fn from_config(name: &'static str, config: &RetryConfig) -> Result<Self, PolicyError> {
        Ok(Self::of(name, Self::new(name).built().with(config)?))
    }

    /// Puts settings from outside in force over those it was built with, once, at start-up. All are
    /// checked together, as they will be.
    ///
    /// ```
    /// use steadfast::retry::{RetryConfig, RetryPolicy};
    ///
    /// static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").max_attempts(5);
    ///
    /// GATEWAY.configure(&RetryConfig { max_attempts: Some(2), ..Default::default() }).unwrap();
    /// assert!(GATEWAY.configure(&RetryConfig::default()).is_err()); // a second time
    /// ```
    ///
    /// # Errors
    /// The first setting that cannot be, or not beside another, by name; or that it was configured
    /// before.
    pub fn configure(&self, config: &RetryConfig) -> Result<(), ConfigureError> {
        self.put_in_force(self.built().with(config)?)
    }
}

impl Settings {
    fn with(&self, config: &RetryConfig) -> Result<Self, PolicyError> {
        let mut settings = self.without_what_is_replaced(config);
        if let Some(delays) = &config.delays {
            settings.plan = listed(settings.plan, delays)?;
            settings.configured = Some(Arc::from(delays.as_slice()));
        }
        let mut plan = settings.plan;
        // The cap first, so that of two that contradict each other the delay is blamed.
        if let Some(longest) = config.max_delay {
            plan = plan.max_delay(long_enough("max_delay", longest)?)?;
        }
        if let Some(calls) = config.max_attempts {
            plan = plan.max_attempts(calls)?;
        }
        if let Some(delay) = config.delay {
            plan = plan.delay(delay)?;
        }
        if let Some(factor) = config.backoff {
            plan = plan.backoff(sensible(factor)?)?;
        }
        if let Some(jitter) = config.jitter {
            plan = plan.jitter(jitter)?;
        }
        if let Some(limit) = config.max_elapsed {
            plan = plan.max_elapsed(limit)?;
        }
        settings.plan = plan;
        settings.not_all_cut(config)
    }

    /// The way to compute pauses that one from outside takes the place of.
    fn without_what_is_replaced(&self, config: &RetryConfig) -> Self {
        let mut settings = self.clone();
        let plan = &mut settings.plan;
        let (grown, capped) = (config.delay.is_some() || config.backoff.is_some(), config.max_delay.is_some());
        if config.delays.is_some() {
            (plan.delay, plan.backoff, plan.max_delay, plan.schedule) = (None, None, None, None);
        } else if grown || capped {
            plan.delays = Delays::None;
        }
        if grown || config.jitter.is_some() {
            plan.schedule = None;
        }
        // What was built in may contradict itself only together with what is gone.
        if config.delay.is_some() && capped {
            (plan.delay, plan.max_delay) = (None, None);
        }
        settings
    }

    /// On an attribute a `delay` beyond the default cap does not compile; nor is it taken here.
    fn not_all_cut(self, config: &RetryConfig) -> Result<Self, PolicyError> {
        let cut = self.plan.max_delay.is_none() && config.delay.is_some_and(|delay| delay > MAX_DELAY);
        if cut {
            return Err(PolicyError::new("delay", "is longer than `max_delay`, which is 5s where it is not set"));
        }
        Ok(self)
    }
}

fn listed(plan: Plan, delays: &[Duration]) -> Result<Plan, PolicyError> {
    if delays.is_empty() {
        return Err(PolicyError::new("delays", "must have at least one delay"));
    }
    Plan { delays: Delays::Configured, ..plan }.consistent("delays")
}

fn long_enough(setting: &'static str, time: Duration) -> Result<Duration, PolicyError> {
    if time.is_zero() { Err(PolicyError::new(setting, "must be longer than zero")) } else { Ok(time) }
}

/// The attribute's limit: beyond it the cap is all there is.
fn sensible(factor: f64) -> Result<f64, PolicyError> {
    if factor > 1000.0 { Err(PolicyError::new("backoff", "must be 1000 or less")) } else { Ok(factor) }
}

/// Durations as a list, or as text with commas: what comes from the environment is all text.
mod durations {
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use crate::config::duration::parse;

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written {
        List(Vec<String>),
        Text(String),
    }

    #[derive(serde::Serialize)]
    struct Shown(#[serde(with = "crate::config::duration")] Option<Duration>);

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(times: &Option<Vec<Duration>>, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = times.as_ref().map(|times| times.iter().map(|time| Shown(Some(*time))).collect::<Vec<_>>());
        shown.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Duration>>, D::Error> {
        let texts = match Option::<Written>::deserialize(deserializer)? {
            None => return Ok(None),
            Some(Written::List(texts)) => texts,
            Some(Written::Text(text)) => text.split(',').map(str::to_owned).collect(),
        };
        texts.iter().map(|text| parse(text).map_err(D::Error::custom)).collect::<Result<_, _>>().map(Some)
    }
}
