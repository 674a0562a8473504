//! The recorder's side: whoever it is in this moment.

use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Key, KeyName, Level, Metadata, Recorder, SharedString, Unit};

use super::METRIC;

static METADATA: Metadata<'static> = Metadata::new("steadfast", Level::INFO, Some("steadfast"));

/// Records one call in seconds.
pub(super) fn record(key: &Key, elapsed: Duration) {
    metrics::with_recorder(|recorder| {
        describe_once(recorder);
        recorder.register_histogram(key, &METADATA).record(elapsed.as_secs_f64());
    });
}

/// Describes the histogram to a recorder that has not heard of it. Recorders are told apart by
/// address: one that stands where another stood stays without a description, nothing more.
fn describe_once(recorder: &dyn Recorder) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let address = ptr::from_ref(recorder).cast::<()>().addr();
    if LAST.load(Ordering::Relaxed) != address {
        recorder.describe_histogram(
            KeyName::from_const_str(METRIC),
            Some(Unit::Seconds),
            SharedString::const_str("How long calls took, by function and outcome."),
        );
        LAST.store(address, Ordering::Relaxed);
    }
}
