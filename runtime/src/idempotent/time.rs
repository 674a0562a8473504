//! Both clocks in one moment, and sums that cannot overflow.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock;

/// Longer than any record lives; every clock can still count it.
const FOREVER: Duration = Duration::from_secs(1000 * 366 * 24 * 3600);

/// One moment, for those in this process and for those who read the record.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) mono: Instant,
    pub(super) wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { mono: clock::mono(), wall: clock::wall() }
    }

    pub(super) fn mono_after(self, wait: Duration) -> Instant {
        self.mono.checked_add(wait.min(FOREVER)).unwrap_or(self.mono)
    }

    pub(super) fn wall_after(self, wait: Duration) -> SystemTime {
        self.wall.checked_add(wait.min(FOREVER)).unwrap_or(self.wall)
    }
}
