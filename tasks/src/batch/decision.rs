//! Whether a batch is due.
//!
//! Pure: it is told the time.

use std::time::Duration;

use tokio::time::Instant;

/// When a batch is worked on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_size: usize,
    pub(super) max_wait: Duration,
}

/// What has gathered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathered {
    pub(super) items: usize,
    /// Since when the first of them is there.
    pub(super) since: Instant,
    /// Whether it is not to wait for others, because somebody has flushed or there are no others to come.
    pub(super) pressed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    At(Instant),
    /// As soon as it is full, or somebody flushes.
    Never,
}

/// By size, by time or on demand, whichever is first.
pub(super) fn due(limits: Limits, gathered: Gathered, now: Instant) -> Due {
    if gathered.pressed || gathered.items >= limits.max_size {
        return Due::Now;
    }
    match gathered.since.checked_add(limits.max_wait) {
        Some(at) if at <= now => Due::Now,
        Some(at) => Due::At(at),
        None => Due::Never,
    }
}
