//! Times as a log keeps them, and sums that cannot overflow.

use std::future::Future;
use std::time::{Duration, SystemTime};

use steadfast::clock;
use steadfast::idempotent::StoreError;
use tokio::time::{Instant, timeout_at};

/// Longer than anything is waited for; every clock can still count it.
const FOREVER: Duration = Duration::from_secs(1000 * 366 * 24 * 3600);

/// The wall clock, in whole milliseconds.
pub(super) fn wall() -> SystemTime {
    let now = clock::wall();
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.checked_sub(Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000_000))).unwrap_or(now)
}

pub(super) fn wall_after(from: SystemTime, wait: Duration) -> SystemTime {
    from.checked_add(wait.min(FOREVER)).unwrap_or(from)
}

pub(super) fn mono_after(from: Instant, wait: Duration) -> Instant {
    from.checked_add(wait.min(FOREVER)).unwrap_or(from)
}

/// The log's answer, or that there was none by then.
pub(super) async fn by<T>(
    limit: Instant,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match timeout_at(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::new("the log did not answer in time")),
    }
}
