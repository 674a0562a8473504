//! The recorder's side: whoever it is in this moment.

use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{IntoF64, Key, KeyName, Level, Metadata, Recorder, SharedString, Unit};

use super::METRIC;
use crate::watch::Began;

static METADATA: Metadata<'static> = Metadata::new("steadfast", Level::INFO, Some("steadfast"));

/// What a histogram asks for only when somebody listens. So nobody's calls do not read the clock,
/// and nobody is told what the histogram is.
struct Sample(Began);

impl IntoF64 for Sample {
    #[cold] // Or it lies in the way of nobody's calls.
    fn into_f64(self) -> f64 {
        let elapsed = self.0.elapsed();
        metrics::with_recorder(describe_once);
        elapsed.as_secs_f64()
    }
}

/// Records one call in seconds.
///
/// The recorder is asked for the histogram and nothing else: with more in the closure, what finds the
/// recorder may become a function of its own, and every call pays for that.
#[inline]
pub(super) fn record(key: &Key, began: Began) {
    let histogram = metrics::with_recorder(|recorder| recorder.register_histogram(key, &METADATA));
    histogram.record(Sample(began));
}

/// Describes the histogram to a recorder that has not heard of it. Recorders are told apart by
/// address: one that stands where another stood stays without a description, nothing more.
fn describe_once(recorder: &dyn Recorder) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let address = ptr::from_ref(recorder).cast::<()>().addr();
    if LAST.load(Ordering::Relaxed) != address {
        describe(recorder);
        LAST.store(address, Ordering::Relaxed);
    }
}

#[cold]
fn describe(recorder: &dyn Recorder) {
    recorder.describe_histogram(
        KeyName::from_const_str(METRIC),
        Some(Unit::Seconds),
        SharedString::const_str("How long calls took, by function and outcome."),
    );
}
