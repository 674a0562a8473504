//! The decision of the window: admissions so far and now in, verdict out. No clock, no lock.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many expired admissions are forgotten in one go: so many that it is seldom done, so few
/// that no call does much.
const FORGOTTEN_AT_ONCE: usize = 64;

/// The times of the last calls let through, oldest first: never more than `max_calls`, and none
/// that is followed by `max_calls` others.
///
/// A call may go when the `max_calls`-th before it is a period old. That is the promise itself:
/// two admissions that far apart in the row can never lie within one period.
#[derive(Debug)]
pub(super) struct Window {
    admitted: VecDeque<Instant>,
    /// The latest of them, even when it is forgotten.
    latest: Option<Instant>,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { admitted: VecDeque::new(), latest: None }
    }

    /// Lets a call through, or says how long until one could be.
    pub(super) fn admit(&mut self, max_calls: u32, period: Duration, now: Instant) -> Result<(), Duration> {
        if self.pass(max_calls, &period, now) { Ok(()) } else { Err(self.wait(max_calls, period, 0, now)) }
    }

    /// Lets a call through, or not. While there is room it need not ask how old anything is.
    #[inline]
    pub(super) fn pass(&mut self, max_calls: u32, period: &Duration, now: Instant) -> bool {
        let len = self.admitted.len();
        let full = len >= max_calls as usize || len == self.admitted.capacity();
        if full && !self.make_room(max_calls, *period, now) {
            return false;
        }
        // `now` was read before the lock was taken, so somebody later may have been first.
        let at = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(at);
        self.admitted.push_back(at);
        true
    }

    /// How long a call that comes `now` has to wait when `ahead` others go first, each as soon as
    /// it can.
    pub(super) fn wait(&self, max_calls: u32, period: Duration, ahead: usize, now: Instant) -> Duration {
        let size = max_calls as usize;
        let free = size.saturating_sub(self.admitted.len());
        // The waiters go through in rounds of `max_calls`, and each follows its predecessor of
        // the round before by a period.
        let (round, place) = (ahead / size, ahead % size);
        let first = match place.checked_sub(free).and_then(|i| self.admitted.get(i)) {
            Some(&at) => until_expired(at, period, now),
            None => Duration::ZERO,
        };
        let rounds = u32::try_from(round).unwrap_or(u32::MAX);
        first.saturating_add(period.saturating_mul(rounds))
    }

    /// Calls let through within the last period.
    pub(super) fn within(&self, period: Duration, now: Instant) -> usize {
        let expired = self.admitted.partition_point(|&at| expired(at, period, now));
        self.admitted.len() - expired
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.admitted.capacity()
    }

    /// Doubles as a queue does, but never beyond what it can need.
    /// Forgets what has expired. Where nothing has, it grows as a queue does, by doubling, but
    /// never beyond what it can need.
    #[inline(never)]
    fn make_room(&mut self, max_calls: u32, period: Duration, now: Instant) -> bool {
        let expired = self.expired(period, now);
        if expired > 0 {
            self.admitted.drain(..expired);
            return true;
        }
        let len = self.admitted.len();
        let room = (max_calls as usize).saturating_sub(len);
        self.admitted.reserve_exact(room.min(len.max(32)));
        room > 0
    }

    /// How many have expired, as far as they are forgotten in one go. Compared as instants, which
    /// costs less than to compute each one's age.
    fn expired(&self, period: Duration, now: Instant) -> usize {
        // Where there is no instant so early, none of them is that old.
        let Some(border) = now.checked_sub(period) else { return 0 };
        self.admitted.iter().take(FORGOTTEN_AT_ONCE).take_while(|&&at| at <= border).count()
    }
}

fn expired(at: Instant, period: Duration, now: Instant) -> bool {
    until_expired(at, period, now).is_zero()
}

/// In durations only: an `Instant` plus a period may not exist.
fn until_expired(at: Instant, period: Duration, now: Instant) -> Duration {
    match now.checked_duration_since(at) {
        Some(age) => period.saturating_sub(age),
        None => period.saturating_add(at.saturating_duration_since(now)),
    }
}
