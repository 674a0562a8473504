//! Both clocks in one moment, and sums that cannot overflow.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock;

/// Longer than any record lives; every clock can still count it.
const FOREVER: Duration = Duration::from_secs(1000 * 366 * 24 * 3600);

/// A moment of the wall clock as text: RFC 3339, in UTC. What that cannot say is cut to what it can.
pub(super) fn rfc3339(at: SystemTime) -> String {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    let at = SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_seconds(at).to_string()
}

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
