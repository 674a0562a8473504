//! What the library counted, as any exporter of `metrics` would see it.

use metrics::SetRecorderError;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// The process's metrics.
pub struct Metrics(Snapshotter);

/// What the layers did since the last look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) replays: u64,
    pub(crate) retries: u64,
    pub(crate) timeouts: u64,
    /// Attempts, not calls.
    pub(crate) circuit_open: u64,
    pub(crate) openings: u64,
}

impl Metrics {
    /// Listens to the metrics of this process.
    ///
    /// # Errors
    /// When somebody else does already.
    pub fn install() -> Result<Self, SetRecorderError<DebuggingRecorder>> {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        metrics::set_global_recorder(recorder)?;
        Ok(Self(snapshotter))
    }

    /// The counts since the last look: looking sets them back.
    pub(crate) fn take(&self) -> Counts {
        let mut counts = Counts::default();
        for (key, _, _, value) in self.0.snapshot().into_vec() {
            let DebugValue::Counter(value) = value else { continue };
            let label = |name| key.key().labels().find(|label| label.key() == name).map_or("", metrics::Label::value);
            match key.key().name() {
                "steadfast_replays_total" => counts.replays += value,
                "steadfast_retries_total" => counts.retries += value,
                "steadfast_breaker_changes_total" if label("to") == "open" => counts.openings += value,
                "steadfast_refusals_total" => counts.refused(label("code"), value),
                _ => {}
            }
        }
        counts
    }
}

impl Counts {
    fn refused(&mut self, code: &str, times: u64) {
        match code {
            "circuit_open" => self.circuit_open += times,
            "timed_out" => self.timeouts += times,
            _ => {}
        }
    }
}
