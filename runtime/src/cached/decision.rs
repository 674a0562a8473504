//! What is kept, for how long, and whether it is still good. Pure: times and chance come in.

use std::time::Duration;

use super::limits::Limits;

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

/// The ages at which an entry changes its standing, in nanoseconds. What never comes is `u64::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// It expires.
    pub(super) life: u64,
    /// A refresh is due; before `life`.
    pub(super) refresh: u64,
    /// It may no longer stand in for a load that failed; not before `life`.
    pub(super) stand_in: u64,
    /// It ends so long after it was last handed out.
    pub(super) idle: u64,
}

/// What an entry is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is handed out.
    Fresh,
    /// It is handed out, and somebody should load it again.
    Due,
    /// It is handed out only if the load fails.
    StandIn,
    /// It is good for nothing.
    Over,
}

/// The times of a result that is kept; `None` where it is not. `random` is from 0 to 1, `left` the
/// rest of a life that began elsewhere.
pub(super) fn times(limits: &Limits, worth: Worth, random: f64, left: Option<Duration>) -> Option<Times> {
    let never = u64::MAX;
    let idle = limits.idle.map_or(never, nanos);
    match worth {
        Worth::Bad => None,
        Worth::Negative => limits.negative_ttl.map(|ttl| {
            let life = nanos(jittered(ttl, random));
            Times { life, refresh: never, stand_in: life, idle }
        }),
        Worth::Good => {
            let whole = jittered(limits.ttl, random);
            let life = left.map_or(whole, |left| left.min(whole));
            let past = whole.saturating_sub(life);
            // As much earlier as the life is shorter, so that it stays ahead of the end.
            let refresh = limits.refresh_after.map(|after| jittered(after, random).saturating_sub(past));
            let stand_in = limits.stale_if_error.map_or(life, |more| life.saturating_add(more));
            Some(Times { life: nanos(life), refresh: refresh.map_or(never, nanos), stand_in: nanos(stand_in), idle })
        }
    }
}

fn jittered(time: Duration, random: f64) -> Duration {
    time.saturating_sub((time / 10).mul_f64(random))
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Times {
    /// The standing at an age. `used` is the age when it was last handed out, `due` when the next
    /// refresh is.
    pub(super) fn standing(&self, age: u64, used: u64, due: u64) -> Standing {
        let fresh = age < self.life && age.saturating_sub(used) < self.idle;
        match fresh {
            true if age >= due => Standing::Due,
            true => Standing::Fresh,
            false if age < self.stand_in => Standing::StandIn,
            false => Standing::Over,
        }
    }

    /// The age of the next refresh, when the last one failed at `age`.
    pub(super) fn refresh_again(&self, age: u64) -> u64 {
        age.saturating_add((self.life.saturating_sub(self.refresh) / 10).max(1))
    }

    /// The age up to which an entry is fresh without another look.
    pub(super) fn sure(&self) -> u64 {
        if self.idle == u64::MAX { self.life.min(self.refresh) } else { 0 }
    }
}
