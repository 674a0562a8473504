//! The settings that decide, apart from any state.

use std::time::Duration;

use super::config::CacheConfig;
use crate::PolicyError;
use crate::registry::Settings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) ttl: Duration,
    pub(super) idle: Option<Duration>,
    pub(super) max_entries: u64,
    pub(super) negative_ttl: Option<Duration>,
    pub(super) refresh_after: Option<Duration>,
    pub(super) stale_if_error: Option<Duration>,
}

type Step = fn(Limits, Duration) -> Result<Limits, PolicyError>;

impl Limits {
    pub(super) const fn new(ttl: Duration) -> Result<Self, PolicyError> {
        if let Err(error) = longer_than_zero("ttl", ttl) {
            return Err(error);
        }
        Ok(Self { ttl, idle: None, max_entries: 10_000, negative_ttl: None, refresh_after: None, stale_if_error: None })
    }

    pub(super) const fn idle(mut self, idle: Duration) -> Result<Self, PolicyError> {
        if idle.as_nanos() > self.ttl.as_nanos() {
            return Err(PolicyError::new("idle", "may not be longer than `ttl`, which ends it first"));
        }
        self.idle = Some(idle);
        self.unless_zero("idle", idle)
    }

    pub(super) const fn max_entries(mut self, entries: u64) -> Result<Self, PolicyError> {
        if entries == 0 {
            return Err(PolicyError::new("max_entries", "must be 1 or more"));
        }
        self.max_entries = entries;
        Ok(self)
    }

    pub(super) const fn negative_ttl(mut self, ttl: Duration) -> Result<Self, PolicyError> {
        self.negative_ttl = Some(ttl);
        self.unless_zero("negative_ttl", ttl)
    }

    pub(super) const fn refresh_after(mut self, after: Duration) -> Result<Self, PolicyError> {
        if after.as_nanos() >= self.ttl.as_nanos() {
            return Err(PolicyError::new("refresh_after", "must be shorter than `ttl`, which ends the entry first"));
        }
        self.refresh_after = Some(after);
        self.unless_zero("refresh_after", after)
    }

    pub(super) const fn stale_if_error(mut self, time: Duration) -> Result<Self, PolicyError> {
        self.stale_if_error = Some(time);
        self.unless_zero("stale_if_error", time)
    }

    const fn unless_zero(self, setting: &'static str, time: Duration) -> Result<Self, PolicyError> {
        match longer_than_zero(setting, time) {
            Ok(()) => Ok(self),
            Err(error) => Err(error),
        }
    }

    /// These, with the settings from outside in their place; all of them checked together.
    pub(super) fn with(&self, config: &CacheConfig) -> Result<Self, PolicyError> {
        let mut limits = Self::new(config.ttl.unwrap_or(self.ttl))?;
        limits = limits.max_entries(config.max_entries.unwrap_or(self.max_entries))?;
        let steps: [(_, _, Step); 4] = [
            (config.idle, self.idle, Self::idle),
            (config.negative_ttl, self.negative_ttl, Self::negative_ttl),
            (config.refresh_after, self.refresh_after, Self::refresh_after),
            (config.stale_if_error, self.stale_if_error, Self::stale_if_error),
        ];
        for (given, own, step) in steps {
            if let Some(time) = given.or(own) {
                limits = step(limits, time)?;
            }
        }
        Ok(limits)
    }

    pub(super) fn describe(&self) -> Settings {
        let off = |time: Option<Duration>| time.map_or("off".to_owned(), |time| format!("{time:?}"));
        Settings::from([
            ("ttl", format!("{:?}", self.ttl)),
            ("idle", off(self.idle)),
            ("max_entries", self.max_entries.to_string()),
            ("negative_ttl", off(self.negative_ttl)),
            ("refresh_after", off(self.refresh_after)),
            ("stale_if_error", off(self.stale_if_error)),
        ])
    }
}

const fn longer_than_zero(setting: &'static str, time: Duration) -> Result<(), PolicyError> {
    if time.is_zero() { Err(PolicyError::new(setting, "must be longer than zero")) } else { Ok(()) }
}
