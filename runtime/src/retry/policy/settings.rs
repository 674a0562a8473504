//! The settings by themselves: what each may be, and what they may be beside each other.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::PolicyError;
use crate::retry::{Jitter, Schedule};

const DELAY: Duration = Duration::from_millis(100);
const BACKOFF: f64 = 2.0;
pub(in crate::retry) const MAX_DELAY: Duration = Duration::from_secs(5);
const MAX_ELAPSED: Duration = Duration::from_secs(30);

/// All settings that may come from outside.
#[derive(Clone, Debug)]
pub(in crate::retry) struct Settings {
    pub(in crate::retry) plan: Plan,
    /// The delays that came from outside, where they did.
    pub(in crate::retry) configured: Option<Arc<[Duration]>>,
}

/// The settings as a builder has them, which works in a `static`. What is not set is `None`, so that
/// the steps may come in any order.
#[derive(Clone, Copy, Debug)]
pub(in crate::retry) struct Plan {
    pub(in crate::retry) max_attempts: u32,
    pub(in crate::retry) delay: Option<Duration>,
    pub(in crate::retry) backoff: Option<f64>,
    pub(in crate::retry) max_delay: Option<Duration>,
    pub(in crate::retry) delays: Delays,
    pub(in crate::retry) jitter: Option<Jitter>,
    pub(in crate::retry) max_elapsed: Option<Duration>,
    pub(in crate::retry) schedule: Option<Planned>,
}

/// Pauses one by one.
#[derive(Clone, Copy, Debug)]
pub(in crate::retry) enum Delays {
    None,
    Written(&'static [Duration]),
    /// They stand beside the plan.
    Configured,
}

/// A schedule of the user's.
#[derive(Clone, Copy)]
pub(in crate::retry) struct Planned(pub(in crate::retry) &'static dyn Schedule);

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Settings {
    pub(super) const DEFAULT: Self = Self { plan: Plan::DEFAULT, configured: None };

    pub(in crate::retry) fn attempts(&self) -> u32 {
        self.plan.max_attempts
    }

    pub(in crate::retry) fn first_delay(&self) -> Duration {
        self.plan.delay.unwrap_or_else(|| DELAY.min(self.longest_delay()))
    }

    pub(in crate::retry) fn factor(&self) -> f64 {
        self.plan.backoff.unwrap_or(BACKOFF)
    }

    pub(in crate::retry) fn longest_delay(&self) -> Duration {
        match (self.plan.max_delay, self.plan.delay) {
            (Some(longest), _) => longest,
            (None, Some(delay)) => MAX_DELAY.max(delay),
            (None, None) => MAX_DELAY,
        }
    }

    /// The longest pause that these compute. What a schedule of the user's will say nobody knows.
    pub(in crate::retry) fn longest_pause(&self) -> Duration {
        match self.listed() {
            Some(delays) => delays.iter().copied().max().unwrap_or_default(),
            None => self.longest_delay(),
        }
    }

    pub(in crate::retry) fn listed(&self) -> Option<&[Duration]> {
        match self.plan.delays {
            Delays::None => None,
            Delays::Written(delays) => Some(delays),
            Delays::Configured => self.configured.as_deref(),
        }
    }

    pub(in crate::retry) fn spread(&self) -> Jitter {
        self.plan.jitter.unwrap_or(Jitter::Full)
    }

    pub(in crate::retry) fn time_limit(&self) -> Option<Duration> {
        self.plan.max_elapsed
    }

    pub(in crate::retry) fn schedule(&self) -> Option<&'static dyn Schedule> {
        self.plan.schedule.map(|planned| planned.0)
    }
}

impl Plan {
    const DEFAULT: Self = Self {
        max_attempts: 3,
        delay: None,
        backoff: None,
        max_delay: None,
        delays: Delays::None,
        jitter: None,
        max_elapsed: Some(MAX_ELAPSED),
        schedule: None,
    };

    pub(in crate::retry) const fn max_attempts(mut self, calls: u32) -> Result<Self, PolicyError> {
        if calls == 0 {
            return Err(PolicyError::new("max_attempts", "counts the first call, so it is 1 or more"));
        }
        self.max_attempts = calls;
        Ok(self)
    }

    pub(in crate::retry) const fn delay(mut self, delay: Duration) -> Result<Self, PolicyError> {
        self.delay = Some(delay);
        self.consistent("delay")
    }

    pub(in crate::retry) const fn backoff(mut self, factor: f64) -> Result<Self, PolicyError> {
        if !factor.is_finite() || factor < 1.0 {
            return Err(PolicyError::new("backoff", "must be finite, and 1 or more"));
        }
        self.backoff = Some(factor);
        self.consistent("backoff")
    }

    pub(in crate::retry) const fn max_delay(mut self, longest: Duration) -> Result<Self, PolicyError> {
        self.max_delay = Some(longest);
        self.consistent("max_delay")
    }

    pub(in crate::retry) const fn delays(mut self, delays: &'static [Duration]) -> Result<Self, PolicyError> {
        if delays.is_empty() {
            return Err(PolicyError::new("delays", "must have at least one delay"));
        }
        self.delays = Delays::Written(delays);
        self.consistent("delays")
    }

    pub(in crate::retry) const fn jitter(mut self, jitter: Jitter) -> Result<Self, PolicyError> {
        self.jitter = Some(jitter);
        self.consistent("jitter")
    }

    pub(in crate::retry) const fn max_elapsed(mut self, limit: Duration) -> Result<Self, PolicyError> {
        if limit.is_zero() {
            return Err(PolicyError::new("max_elapsed", "must be longer than zero"));
        }
        self.max_elapsed = Some(limit);
        Ok(self)
    }

    pub(in crate::retry) const fn schedule(mut self, schedule: &'static dyn Schedule) -> Result<Self, PolicyError> {
        self.schedule = Some(Planned(schedule));
        self.consistent("schedule")
    }

    /// The plan, unless two of its settings contradict each other; then `blamed`, the one that came
    /// last, is.
    pub(in crate::retry) const fn consistent(self, blamed: &'static str) -> Result<Self, PolicyError> {
        let reason = match self.contradiction() {
            None => return Ok(self),
            Some(reason) => reason,
        };
        Err(PolicyError::new(blamed, reason))
    }

    const fn contradiction(&self) -> Option<&'static str> {
        let listed = !matches!(self.delays, Delays::None);
        let grown = self.delay.is_some() || self.backoff.is_some();
        if self.schedule.is_some() && (grown || listed || self.jitter.is_some()) {
            return Some("`schedule` stands in place of `delay`, `backoff`, `delays` and `jitter`");
        }
        if listed && (grown || self.max_delay.is_some()) {
            return Some("`delays` stands in place of `delay`, `backoff` and `max_delay`");
        }
        if listed && matches!(self.jitter, Some(Jitter::Decorrelated)) {
            return Some("decorrelated jitter computes its own pauses, so `delays` has no part");
        }
        match (self.delay, self.max_delay) {
            (Some(delay), Some(longest)) if delay.as_nanos() > longest.as_nanos() => {
                Some("`delay` may not be longer than `max_delay`")
            }
            _ => None,
        }
    }
}
