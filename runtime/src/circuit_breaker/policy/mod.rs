//! When a breaker opens, for how long, and what closes it again.

mod rate;
mod recovery;
mod row;

use std::time::Duration;

use super::CircuitBreaker;
use super::breaker::Hint;
use crate::PolicyError;
use crate::policy::checked;

pub use rate::Window;
pub(super) use rate::{BUCKETS, Rate};

/// Settings that cannot be wrong, apart from any state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Policy {
    /// Failures in a row; `None` where nothing was said.
    pub(super) failure_threshold: Option<u32>,
    /// Opens by rate, and not after failures in a row.
    pub(super) rate: Option<Rate>,
    pub(super) recovery_timeout: Duration,
    pub(super) recovery_backoff: Option<f64>,
    pub(super) max_recovery_timeout: Option<Duration>,
    pub(super) half_open_max_calls: u32,
    pub(super) success_threshold: u32,
}

const BOTH_KINDS: &str = "belongs to a breaker that opens by rate, and `failure_threshold` to one that opens after failures in a row; keep one of the two";
const ROW_AND_RATE: &str = "belongs to a breaker that opens after failures in a row, and another setting to one that opens by rate; keep one of the two";

impl Policy {
    pub(super) const DEFAULT: Self = Self {
        failure_threshold: None,
        rate: None,
        recovery_timeout: Duration::from_secs(30),
        recovery_backoff: None,
        max_recovery_timeout: None,
        half_open_max_calls: 1,
        success_threshold: 1,
    };

    /// How many failures in a row open it, where it does not open by rate.
    pub(super) fn row(&self) -> u32 {
        self.failure_threshold.unwrap_or(5)
    }

    /// The longest a recovery may become.
    pub(super) fn longest_recovery(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(600);
        self.max_recovery_timeout.unwrap_or(LONGEST).max(self.recovery_timeout)
    }

    /// How long it stays open when a probe has failed after it was open for so long.
    pub(super) fn next_recovery(&self, waited: Duration) -> Duration {
        let Some(backoff) = self.recovery_backoff else { return self.recovery_timeout };
        let longest = self.longest_recovery();
        Duration::try_from_secs_f64(waited.as_secs_f64() * backoff).map_or(longest, |longer| longer.min(longest))
    }

    pub(super) const fn failure_threshold(mut self, failures: u32) -> Result<Self, PolicyError> {
        if self.rate.is_some() {
            return Err(PolicyError::new("failure_threshold", ROW_AND_RATE));
        }
        self.failure_threshold = Some(failures);
        at_least_one(self, "failure_threshold", failures)
    }

    pub(super) const fn recovery_timeout(mut self, timeout: Duration) -> Result<Self, PolicyError> {
        if timeout.is_zero() {
            return Err(PolicyError::new("recovery_timeout", "must be longer than zero"));
        }
        self.recovery_timeout = timeout;
        Ok(self)
    }

    pub(super) const fn recovery_backoff(mut self, factor: f64) -> Result<Self, PolicyError> {
        // So that what is no number is refused as well.
        if !(factor >= 1.0 && factor <= 1000.0) {
            return Err(PolicyError::new("recovery_backoff", "must be at least 1 and at most 1000"));
        }
        self.recovery_backoff = Some(factor);
        Ok(self)
    }

    pub(super) const fn max_recovery_timeout(mut self, longest: Duration) -> Result<Self, PolicyError> {
        self.max_recovery_timeout = Some(longest);
        Ok(self)
    }

    pub(super) const fn half_open_max_calls(mut self, calls: u32) -> Result<Self, PolicyError> {
        self.half_open_max_calls = calls;
        at_least_one(self, "half_open_max_calls", calls)
    }

    pub(super) const fn success_threshold(mut self, successes: u32) -> Result<Self, PolicyError> {
        self.success_threshold = successes;
        at_least_one(self, "success_threshold", successes)
    }

    /// The rate's settings, to be changed: the defaults where nothing was said of a rate.
    const fn by_rate(&self, setting: &'static str) -> Result<Rate, PolicyError> {
        match (self.failure_threshold, self.rate) {
            (Some(_), _) => Err(PolicyError::new(setting, BOTH_KINDS)),
            (None, Some(rate)) => Ok(rate),
            (None, None) => Ok(Rate::DEFAULT),
        }
    }

    /// What no setting can say of itself: whether they fit each other.
    pub(super) const fn fits(self) -> Result<Self, PolicyError> {
        if let Some(longest) = self.max_recovery_timeout {
            if self.recovery_backoff.is_none() {
                const ALONE: &str = "needs `recovery_backoff` first: without it every recovery takes the same time";
                return Err(PolicyError::new("max_recovery_timeout", ALONE));
            }
            if longest.as_nanos() < self.recovery_timeout.as_nanos() {
                return Err(PolicyError::new("max_recovery_timeout", "must not be shorter than `recovery_timeout`"));
            }
        }
        match self.rate {
            None => Ok(self),
            Some(rate) => match rate.fits() {
                Ok(()) => Ok(self),
                Err(error) => Err(error),
            },
        }
    }
}

const fn at_least_one(policy: Policy, setting: &'static str, value: u32) -> Result<Policy, PolicyError> {
    match value {
        0 => Err(PolicyError::new(setting, "must be at least 1")),
        _ => Ok(policy),
    }
}

/// The policy when its settings fit each other, or what is wrong.
const fn fitting(step: Result<Policy, PolicyError>) -> Result<Policy, PolicyError> {
    match step {
        Ok(policy) => policy.fits(),
        Err(error) => Err(error),
    }
}

impl CircuitBreaker {
    /// The same breaker with other settings, or a panic that says what is wrong with them.
    const fn with(mut self, step: Result<Policy, PolicyError>) -> Self {
        self.policy.built = checked!(fitting(step));
        self.state.hint = Hint::of_new(self.policy.built.rate.is_some()).atomic();
        self
    }

    /// The same breaker with other settings, or what is wrong with them.
    fn try_with(mut self, step: Result<Policy, PolicyError>) -> Result<Self, PolicyError> {
        self.policy.built = fitting(step)?;
        self.state.hint = Hint::of_new(self.policy.built.rate.is_some()).atomic();
        Ok(self)
    }
}
