//! Waiting, before a program ends, for the work whose callers have gone.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout_at;

use super::time::Moment;

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static EMPTY: Notify = Notify::const_new();

/// Waits for the work that runs on without its caller (`on_cancel = finish`), at most this long.
/// Returns how much of it still runs: zero when all has ended and is recorded.
///
/// A program calls it when it stops, after it took its last request. What still runs when the
/// process ends is of unknown outcome from the end of its lease on, as after a crash.
///
/// ```
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // the server has stopped taking requests ..
/// let left = steadfast::drain(Duration::from_secs(10)).await;
/// assert_eq!(left, 0);
/// # }
/// ```
#[must_use = "it says how much still runs"]
pub async fn drain(limit: Duration) -> usize {
    let deadline = Moment::now().mono_after(limit);
    loop {
        let mut emptied = pin!(EMPTY.notified());
        // Before the count is read, so that an end in between is not missed.
        emptied.as_mut().enable();
        if RUNNING.load(Ordering::Acquire) == 0 {
            return 0;
        }
        if timeout_at(deadline, emptied).await.is_err() {
            return RUNNING.load(Ordering::Acquire);
        }
    }
}

/// One piece of work without a caller, until it is dropped.
pub(super) struct Running(());

impl Running {
    pub(super) fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if RUNNING.fetch_sub(1, Ordering::AcqRel) == 1 {
            EMPTY.notify_waiters();
        }
    }
}
