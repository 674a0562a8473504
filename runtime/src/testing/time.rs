//! Time that passes only when it is told to.

use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::clock;

/// Keeps tokio's paused clock from running ahead, until it is dropped.
pub(super) struct Held {
    _until: oneshot::Sender<()>,
}

impl Held {
    /// tokio's paused clock jumps to the next timer whenever nothing else is to be done, except while
    /// a blocking task runs. So one does. It is let go by a task and not by us: a runtime that shuts
    /// down drops its tasks first, and then waits for the blocking ones.
    pub(super) fn now() -> Self {
        if !clock::is_paused() {
            tokio::time::pause();
        }
        let (until, over) = oneshot::channel();
        let (held, holds) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || holds.recv());
        tokio::spawn(async move {
            let _held = held;
            let _ = over.await;
        });
        Self { _until: until }
    }
}

/// tokio's timers end at whole milliseconds of its own count, so one that is due may be up to one late.
const TICK: Duration = Duration::from_millis(1);

/// Moves the clock, with all tasks that can run before and after it.
pub(super) async fn advance(by: Duration) {
    settle().await;
    tokio::time::advance(by.saturating_add(TICK)).await;
    settle().await;
}

/// Lets other tasks run as far as they can without time: as many turns as a chain of wake-ups is
/// likely to need.
async fn settle() {
    for _ in 0..16 {
        yield_now().await;
    }
}
