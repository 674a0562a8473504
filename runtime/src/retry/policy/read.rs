//! The settings in force, as the decision and the registry read them.

use std::time::Duration;

use super::RetryPolicy;
use crate::registry::{Describe, Settings};
use crate::retry::{Jitter, Retrying};

const DELAY: Duration = Duration::from_millis(100);
const BACKOFF: f64 = 2.0;
const MAX_DELAY: Duration = Duration::from_secs(5);

impl RetryPolicy {
    #[inline]
    pub(in crate::retry) fn attempts(&self) -> u32 {
        self.max_attempts
    }

    pub(in crate::retry) fn first_delay(&self) -> Duration {
        self.delay.unwrap_or_else(|| DELAY.min(self.longest_delay()))
    }

    pub(in crate::retry) fn factor(&self) -> f64 {
        self.backoff.unwrap_or(BACKOFF)
    }

    pub(in crate::retry) fn longest_delay(&self) -> Duration {
        match (self.max_delay, self.delay) {
            (Some(longest), _) => longest,
            (None, Some(delay)) => MAX_DELAY.max(delay),
            (None, None) => MAX_DELAY,
        }
    }

    /// The longest pause that this policy computes.
    pub(in crate::retry) fn longest_pause(&self) -> Duration {
        match self.delays {
            Some(delays) => delays.iter().copied().max().unwrap_or_default(),
            None => self.longest_delay(),
        }
    }

    pub(in crate::retry) fn listed(&self) -> Option<&'static [Duration]> {
        self.delays
    }

    pub(in crate::retry) fn spread(&self) -> Jitter {
        self.jitter
    }

    #[inline]
    pub(in crate::retry) fn time_limit(&self) -> Option<Duration> {
        self.max_elapsed
    }

    pub(in crate::retry) fn may_repeat(&self) -> bool {
        self.repeatable
    }

    pub(in crate::retry) fn hook(&self) -> Option<fn(&Retrying<'_>)> {
        self.on_retry
    }
}

impl Describe for RetryPolicy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::from([
            ("max_attempts", self.max_attempts.to_string()),
            ("jitter", self.jitter.to_string()),
            ("max_elapsed", limit(self.max_elapsed)),
            ("repeatable", self.repeatable.to_string()),
        ]);
        if let Some(delays) = self.delays {
            settings.insert("delays", format!("{delays:?}"));
        } else {
            settings.insert("delay", format!("{:?}", self.first_delay()));
            settings.insert("backoff", format!("{:?}", self.factor()));
            settings.insert("max_delay", format!("{:?}", self.longest_delay()));
        }
        settings
    }
}

fn limit(limit: Option<Duration>) -> String {
    limit.map_or_else(|| "none".to_owned(), |limit| format!("{limit:?}"))
}
