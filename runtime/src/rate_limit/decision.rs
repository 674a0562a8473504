//! The decision of the window: admissions so far and now in, verdict out. No clock, no lock.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::line::Ahead;

/// How many expired admissions are forgotten in one go, at least: so many that it is seldom done,
/// so few that no call does much.
const FORGOTTEN_AT_ONCE: usize = 64;

/// For how many admissions there is room at first: so many that room is seldom made.
const ROOM: u32 = 32;

/// The same where the limiter is one of many, one for each key.
const ROOM_OF_KEY: u32 = 4;

/// The last calls let through with what they cost, oldest first: never more than `max_calls`
/// together.
///
/// A call may go when what it costs fits beside those that are not yet a period old. That is the
/// promise itself: what was let through in any period lies in the window of its last call.
#[derive(Debug)]
pub(super) struct Window {
    admitted: VecDeque<Admitted>,
    /// What they cost together.
    used: u32,
    /// For how many there is room at first.
    room: u32,
    /// The time of the latest, even when it is forgotten.
    latest: Option<Instant>,
}

#[derive(Debug)]
struct Admitted {
    at: Instant,
    cost: u32,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { admitted: VecDeque::new(), used: 0, room: ROOM, latest: None }
    }

    pub(super) fn of_key() -> Self {
        Self { room: ROOM_OF_KEY, ..Self::new() }
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        *self = Self { room: self.room, ..Self::new() };
    }

    /// Whether a call that costs so much is too much.
    fn is_full(&self, max_calls: u32, cost: u32) -> bool {
        self.used.checked_add(cost).is_none_or(|used| used > max_calls)
    }

    /// Lets a call through, and says as of when, or not. While there is room it need not ask how
    /// old anything is.
    #[inline]
    pub(super) fn pass(&mut self, max_calls: u32, period: &Duration, cost: u32, now: Instant) -> Option<Instant> {
        let full = self.is_full(max_calls, cost);
        if (full || self.admitted.len() == self.admitted.capacity()) && !self.make_room(max_calls, *period, cost, now) {
            return None;
        }
        // `now` was read before the lock was taken, so somebody later may have been first.
        let at = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(at);
        self.used += cost;
        self.admitted.push_back(Admitted { at, cost });
        Some(at)
    }

    /// How long a call that comes `now` has to wait when others go first, each as soon as it can.
    /// None of them costs more than `max_calls`.
    pub(super) fn wait(
        &self,
        max_calls: u32,
        period: Duration,
        ahead: &Ahead<'_>,
        cost: u32,
        now: Instant,
    ) -> Duration {
        let each_costs_one = self.used as usize == self.admitted.len() && cost == 1 && ahead.each_costs_one();
        if each_costs_one {
            self.wait_of_one(max_calls as usize, period, ahead.calls, now)
        } else {
            self.wait_of_many(max_calls, period, ahead.costs().chain([cost]), now)
        }
    }

    /// Where each call costs one, each follows another by a period: the waiters go through in
    /// rounds of `max_calls`, and the first round follows the admissions.
    fn wait_of_one(&self, max_calls: usize, period: Duration, ahead: usize, now: Instant) -> Duration {
        let (round, place) = (ahead / max_calls, ahead % max_calls);
        // So many of those admitted must have expired by then.
        let expired = (self.admitted.len() + place + 1).saturating_sub(max_calls);
        let first = match expired.checked_sub(1).and_then(|last| self.admitted.get(last)) {
            Some(admitted) => until_expired(admitted.at, period, now),
            None => Duration::ZERO,
        };
        let rounds = u32::try_from(round).unwrap_or(u32::MAX);
        first.saturating_add(period.saturating_mul(rounds))
    }

    /// Lets one after the other through, as it will be, and says when the last goes.
    fn wait_of_many(
        &self,
        max_calls: u32,
        period: Duration,
        costs: impl Iterator<Item = u32>,
        now: Instant,
    ) -> Duration {
        let mut admitted = self.admitted.iter();
        let mut planned: VecDeque<(Duration, u32)> = VecDeque::new();
        let (mut used, mut wait) = (u64::from(self.used), Duration::ZERO);
        for cost in costs {
            while used.saturating_add(u64::from(cost)) > u64::from(max_calls) {
                let next = admitted.next().map(|next| (until_expired(next.at, period, now), next.cost));
                let Some((expires, freed)) = next.or_else(|| planned.pop_front()) else { break };
                wait = wait.max(expires);
                used = used.saturating_sub(u64::from(freed));
            }
            used = used.saturating_add(u64::from(cost));
            planned.push_back((wait.saturating_add(period), cost));
        }
        wait
    }

    /// Gives back what a call took that was let through as of then. Nothing where it has expired.
    pub(super) fn refund(&mut self, cost: u32, at: Instant) {
        let after = self.admitted.partition_point(|admitted| admitted.at <= at);
        let same_time = self.admitted.range(..after).rev().take_while(|admitted| admitted.at == at);
        // Of those that are alike it does not matter which.
        let Some(back) = same_time.enumerate().find(|(_, admitted)| admitted.cost == cost).map(|(back, _)| back) else {
            return;
        };
        self.admitted.remove(after - 1 - back);
        self.used -= cost;
    }

    /// What was let through within the last period.
    pub(super) fn within(&self, period: Duration, now: Instant) -> u64 {
        let expired = self.admitted.partition_point(|admitted| until_expired(admitted.at, period, now).is_zero());
        self.admitted.range(expired..).map(|admitted| u64::from(admitted.cost)).sum()
    }

    /// How long until nothing that was let through counts any more.
    pub(super) fn idle_in(&self, period: Duration, now: Instant) -> Duration {
        self.latest.map_or(Duration::ZERO, |latest| until_expired(latest, period, now))
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.admitted.capacity()
    }

    /// Forgets what has expired. Where nothing has, it grows as a queue does, by doubling, but
    /// never beyond what it can need.
    #[inline(never)]
    fn make_room(&mut self, max_calls: u32, period: Duration, cost: u32, now: Instant) -> bool {
        let forgotten = self.forget(max_calls, period, cost, now);
        if self.is_full(max_calls, cost) {
            return false;
        }
        if !forgotten {
            let len = self.admitted.len();
            let room = (max_calls as usize).saturating_sub(len);
            self.admitted.reserve_exact(room.min(len.max(self.room as usize)));
        }
        true
    }

    /// Forgets some of what has expired: as much as is forgotten in one go, or as the call needs.
    fn forget(&mut self, max_calls: u32, period: Duration, cost: u32, now: Instant) -> bool {
        // Compared as instants, which costs less than to compute each one's age. Where there is no
        // instant so early, none of them is that old.
        let Some(border) = now.checked_sub(period) else { return false };
        let needed = self.used.saturating_sub(max_calls.saturating_sub(cost));
        let (mut calls, mut freed) = (0, 0);
        for oldest in self.admitted.iter().take_while(|oldest| oldest.at <= border) {
            if calls >= FORGOTTEN_AT_ONCE && freed >= needed {
                break;
            }
            calls += 1;
            freed += oldest.cost;
        }
        self.used -= freed;
        self.admitted.drain(..calls);
        calls > 0
    }
}

/// In durations only: an `Instant` plus a period may not exist.
fn until_expired(at: Instant, period: Duration, now: Instant) -> Duration {
    match now.checked_duration_since(at) {
        Some(age) => period.saturating_sub(age),
        None => period.saturating_add(at.saturating_duration_since(now)),
    }
}
