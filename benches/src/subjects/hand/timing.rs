//! How long a call took and how it ended, in one histogram.

use std::time::Instant;

/// A call that is dropped was cancelled, or panicked.
pub struct Timing {
    started: Instant,
    ended: bool,
}

macro_rules! record {
    ($started:expr, $outcome:literal) => {
        metrics::histogram!("call_duration_seconds", "name" => "call", "outcome" => $outcome).record($started.elapsed())
    };
}

impl Timing {
    pub fn start() -> Self {
        Self { started: Instant::now(), ended: false }
    }

    pub fn end(mut self, succeeded: bool) {
        self.ended = true;
        match succeeded {
            true => record!(self.started, "success"),
            false => record!(self.started, "transient"),
        }
    }

    pub fn refused(mut self) {
        self.ended = true;
        record!(self.started, "refused");
    }
}

impl Drop for Timing {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        match std::thread::panicking() {
            true => record!(self.started, "panicked"),
            false => record!(self.started, "cancelled"),
        }
    }
}
