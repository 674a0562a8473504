//! What is kept, for how long, and whether it is still good. Pure: times and chance come in.

use std::time::Duration;

/// The settings that decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) ttl: Duration,
    pub(super) idle: Option<Duration>,
    pub(super) max_entries: u64,
    pub(super) negative_ttl: Option<Duration>,
}

/// What a result is worth to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A value.
    Good,
    /// A definite "no": `None`, or a terminal error.
    Negative,
    /// A failure that says nothing about the next call.
    Bad,
}

/// For how long a result is kept; `None` where it is not. `random` is from 0 to 1.
pub(super) fn life(limits: &Limits, worth: Worth, random: f64) -> Option<Duration> {
    match worth {
        Worth::Good => Some(limits.ttl),
        Worth::Negative => limits.negative_ttl,
        Worth::Bad => None,
    }
    .map(|ttl| ttl.saturating_sub((ttl / 10).mul_f64(random)))
}

/// Whether an entry may be handed out. `used` is its age when it was last handed out.
pub(super) fn fresh(life: Duration, idle: Option<Duration>, age: Duration, used: Duration) -> bool {
    age < life && idle.is_none_or(|idle| age.saturating_sub(used) < idle)
}
