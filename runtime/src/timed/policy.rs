use std::fmt;
use std::sync::OnceLock;

use metrics::{Key, Label};

use super::recorder;
use crate::outcome::End;
use crate::registry::{Describe, Settings};
use crate::watch::{Began, Watcher};

/// The histogram's name.
///
/// ```
/// assert_eq!(steadfast::timed::METRIC, "steadfast_call_duration_seconds");
/// ```
pub const METRIC: &str = "steadfast_call_duration_seconds";

/// The histogram's buckets in seconds: upper bounds from 5 ms to 60 s, what a payment call takes
/// from an answer in memory to a gateway's last patience.
///
/// The [`metrics`](https://docs.rs/metrics) facade has no way to set buckets, so hand them to the exporter. With
/// `metrics-exporter-prometheus`, which would otherwise write a summary:
///
/// ```text
/// use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
/// use steadfast::timed;
///
/// PrometheusBuilder::new()
///     .set_buckets_for_metric(Matcher::Full(timed::METRIC.to_owned()), timed::BUCKETS)?
///     .install()?;
/// ```
///
/// ```
/// use steadfast::timed::BUCKETS;
///
/// assert_eq!((BUCKETS.first(), BUCKETS.last()), (Some(&0.005), Some(&60.0)));
/// ```
pub const BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];

/// The timing of one function: the `name` its calls are recorded under.
/// [`#[timed]`](macro@crate::timed) makes one of the function's name.
///
/// ```
/// use steadfast::timed::Timed;
///
/// static CHARGES: Timed = Timed::new("charge_customer");
/// assert_eq!(CHARGES.name(), "charge_customer");
/// ```
pub struct Timed {
    name: &'static str,
    /// The histogram's key for each outcome, made at the first call, so that a call allocates
    /// nothing.
    keys: OnceLock<[Key; End::ALL.len()]>,
}

impl Timed {
    /// A timing under this name, which becomes the label `name`.
    ///
    /// See [`Timed`] for an example.
    pub const fn new(name: &'static str) -> Self {
        Self { name, keys: OnceLock::new() }
    }

    /// The label `name`.
    ///
    /// See [`Timed`] for an example.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn record(&self, end: End, began: Began) {
        recorder::record(self.key(end), began);
    }

    #[inline]
    fn key(&self, end: End) -> &Key {
        let keys = self.keys.get().unwrap_or_else(|| self.make_keys());
        &keys[end as usize]
    }

    #[cold]
    fn make_keys(&self) -> &[Key; End::ALL.len()] {
        self.keys.get_or_init(|| End::ALL.map(|end| key(self.name, end)))
    }
}

/// Retained, so that a recorder that clones its keys shares this one's labels.
fn key(name: &'static str, end: End) -> Key {
    let labels = vec![Label::from_static_parts("name", name), Label::from_static_parts("outcome", end.as_str())];
    Key::from_parts(METRIC, labels).to_retained()
}

impl Watcher for &Timed {
    fn cut_short(&mut self, end: End, began: Began) {
        self.record(end, began);
    }
}

impl fmt::Debug for Timed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Describe for Timed {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        Settings::from([("metric", METRIC.to_owned()), ("name", self.name.to_owned())])
    }
}
