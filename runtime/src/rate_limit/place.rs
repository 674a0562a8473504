//! A place in the line.

use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::books::{Books, Taken, Who, pass, wait};
use super::desk::{Desk, Refused};
use super::quota::Quota;
use crate::clock;

/// How much longer than `max_wait` one in the line may stay. Timers are late by a millisecond or
/// so, and each round of waiters inherits the lateness of the one before: without this, calls
/// that were promised a turn would be refused in the end.
const SLACK: Duration = Duration::from_millis(10);

/// A place in the line. Dropping it leaves the line.
#[derive(Debug)]
pub(super) struct Place<D: Desk> {
    pub(super) desk: D,
    ticket: u64,
    pub(super) joined: Instant,
}

/// What a call in the line has to do.
pub(super) enum Turn {
    Admitted(Taken),
    Refused(Refused),
    Wait { until: Instant },
}

impl<D: Desk> Place<D> {
    pub(super) fn new(desk: D, ticket: u64, joined: Instant) -> Self {
        Self { desk, ticket, joined }
    }

    /// Asks whether it is this one's turn. The waker is called when it becomes the first.
    pub(super) fn turn(&self, waker: Waker) -> Turn {
        let now = clock::mono();
        let asked = self.desk.find(|books, quota| {
            let before = books.page_mut().line.keep(self.ticket, waker);
            (self.ask(books, quota, now), before)
        });
        // A waker is dropped here, outside of the lock.
        asked.map_or(Turn::Refused(Refused::For(Duration::ZERO)), |(turn, _before)| turn)
    }

    fn ask(&self, books: &mut D::Books, quota: &Quota, now: Instant) -> Turn {
        let (cost, most) = (self.desk.cost(), quota.most());
        if cost > most {
            return Turn::Refused(Refused::TooCostly { most });
        }
        let patience = self.desk.limiter().terms.get().max_wait.saturating_add(SLACK);
        let left = patience.saturating_sub(now.saturating_duration_since(self.joined));
        let first = books.page_mut().line.ahead(self.ticket).calls == 0;
        if first && let Some(taken) = pass(books, quota, cost, now) {
            return Turn::Admitted(taken);
        }
        let mut until_turn = || wait(books, quota, Who::Before(self.ticket), cost, now);
        match first {
            true => Self::wait_for(until_turn(), left, now),
            false if left.is_zero() => Turn::Refused(Refused::For(until_turn())),
            false => Turn::Wait { until: after(now, left) },
        }
    }

    fn wait_for(wait: Duration, left: Duration, now: Instant) -> Turn {
        if wait > left { Turn::Refused(Refused::For(wait)) } else { Turn::Wait { until: after(now, wait) } }
    }
}

impl<D: Desk> Drop for Place<D> {
    fn drop(&mut self) {
        let left = self.desk.find(|books, _| books.page_mut().line.leave(self.ticket));
        if let Some((_gone, Some(next))) = left {
            next.wake();
        }
    }
}

/// Far in the future where there is no such time.
fn after(now: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    now.checked_add(wait).or_else(|| now.checked_add(FAR)).unwrap_or(now)
}
