//! The decision of the smooth limit: the generic cell rate algorithm (GCRA), in whole nanoseconds.
//!
//! Its whole state is the theoretical arrival time of the next call: the time by which all that
//! was let through would have come evenly. A call may be so far ahead of time that the burst is
//! used up. It decides as governor does, which the tests hold against it; governor has a clock and
//! a lock-free cell of its own, can neither be told the time nor give back, and looks up owned keys
//! only.

use std::time::Duration;

/// How fast, and how much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// The time that one call stands for.
    pub(super) interval: u64,
    /// How far ahead of time calls may be: the time that a burst stands for.
    pub(super) burst: u64,
}

/// The theoretical arrival time of the next call.
pub(super) type Arrival = u64;

impl Pace {
    fn worth(self, cost: u64) -> u64 {
        self.interval.saturating_mul(cost)
    }

    /// Lets a call through, and says what the state is with it, or not.
    #[inline]
    pub(super) fn pass(self, arrival: &mut Arrival, cost: u32, now: u64) -> Option<Arrival> {
        let next = (*arrival).max(now).saturating_add(self.worth(u64::from(cost)));
        if next > now.saturating_add(self.burst) {
            return None;
        }
        *arrival = next;
        Some(next)
    }

    /// How long until a call may go when those that go first cost so much.
    pub(super) fn wait(self, arrival: Arrival, ahead: u64, cost: u32, now: u64) -> Duration {
        let all = ahead.saturating_add(u64::from(cost));
        let next = arrival.max(now).saturating_add(self.worth(all));
        Duration::from_nanos(next.saturating_sub(self.burst).saturating_sub(now))
    }

    /// Gives back what a call took after which `others` came, and says how much that is.
    ///
    /// What time has made up for since is not given back a second time. And as it is not known when
    /// the others came, they count as if they came now: so never is more let through than without
    /// that call.
    pub(super) fn refund(self, arrival: &mut Arrival, cost: u32, others: u64, now: u64) -> u64 {
        let before = *arrival;
        let without = before.saturating_sub(self.worth(u64::from(cost)));
        *arrival = without.max(now.saturating_add(others)).min(before);
        before - *arrival
    }
}
