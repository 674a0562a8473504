//! The one place that tells the outside what happens inside.
//!
//! Each function names one event; all are free when nobody listens.

use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Key, Label, Level, Metadata};

use crate::Layer;

/// A circuit breaker changed its state.
pub(crate) fn breaker_changed(name: &'static str, from: &'static str, to: &'static str) {
    tracing::info!(breaker = name, from, to, "circuit breaker changed");
    count("steadfast_breaker_changes_total", [("name", name), ("to", to)]);
}

/// A circuit breaker that only measures would have changed its state.
pub(crate) fn breaker_would_change(name: &'static str, from: &'static str, to: &'static str) {
    tracing::info!(breaker = name, from, to, "circuit breaker would change");
    count("steadfast_breaker_would_change_total", [("name", name), ("to", to)]);
}

/// There was no room for a new key, whose call went through uncounted.
pub(crate) fn keys_full(name: &'static str) {
    tracing::debug!(name, "no room for a new key");
    count("steadfast_keys_full_total", [("name", name)]);
}

/// A layer said no.
pub(crate) fn refused(layer: Layer, name: &'static str, code: &'static str) {
    tracing::debug!(layer = layer.as_str(), name, code, "refused");
    count("steadfast_refusals_total", [("layer", layer.as_str()), ("name", name), ("code", code)]);
}

/// A retry waits before its next attempt.
pub(crate) fn retrying(name: &'static str, attempt: u32, pause: Duration) {
    tracing::debug!(name, attempt, ?pause, "retrying");
    count("steadfast_retries_total", [("name", name)]);
}

/// A retry budget had nothing left for a call of `policy`, which ended with its failure.
pub(crate) fn retry_budget_empty(name: &'static str, policy: &'static str) {
    tracing::debug!(name, policy, "retry budget empty");
    count("steadfast_retry_budget_empty_total", [("name", name), ("policy", policy)]);
}

/// A fallback stood in for a call that failed so.
pub(crate) fn stood_in(name: &'static str, kind: &'static str) {
    tracing::debug!(name, kind, "stood in");
    count("steadfast_fallbacks_total", [("name", name), ("kind", kind)]);
}

/// An idempotent call was answered from its record.
pub(crate) fn replayed(name: &'static str, replays: &Counted) {
    tracing::debug!(name, "replayed");
    count_as(replays.0.get_or_init(|| key("steadfast_replays_total", &[("name", name)])));
}

/// An operator did something to a policy.
pub(crate) fn operated(layer: Layer, name: &'static str, operation: &'static str, by: &str) {
    tracing::info!(layer = layer.as_str(), name, operation, by, "operated");
    count("steadfast_operations_total", [("layer", layer.as_str()), ("name", name), ("operation", operation)]);
}

/// A policy took settings from outside.
pub(crate) fn configured(layer: Layer, name: &'static str) {
    tracing::info!(layer = layer.as_str(), name, "configured");
}

/// An idempotency record could not be kept as it should be: somebody has to look.
pub(crate) fn record_trouble(name: &'static str, what: &'static str, error: &dyn std::fmt::Display) {
    tracing::error!(name, what, %error, "idempotency record");
    count("steadfast_record_trouble_total", [("name", name), ("what", what)]);
}

/// A cache's second tier failed, or did not answer in time. It is counted in the cache's statistics.
pub(crate) fn tier_trouble(cache: &'static str, error: &dyn std::fmt::Display) {
    tracing::warn!(cache, %error, "second tier of a cache");
}

/// The state that processes share could not be asked, and the call was let through or refused. The
/// first of a row is told as an event, all are counted.
pub(crate) fn shared_state_down(
    layer: Layer,
    name: &'static str,
    admitted: bool,
    first: Option<&dyn std::fmt::Display>,
) {
    let answer = if admitted { "admitted" } else { "refused" };
    if let Some(error) = first {
        tracing::warn!(layer = layer.as_str(), name, answer, %error, "shared state does not answer");
    }
    let labels = [("layer", layer.as_str()), ("name", name), ("answer", answer)];
    count("steadfast_shared_state_failures_total", labels);
}

/// It answers again.
pub(crate) fn shared_state_up(layer: Layer, name: &'static str) {
    tracing::info!(layer = layer.as_str(), name, "shared state answers again");
}

/// It could not be told what became of a call, or what an operator wants.
pub(crate) fn shared_state_untold(layer: Layer, name: &'static str, what: &'static str, error: &dyn std::fmt::Display) {
    tracing::warn!(layer = layer.as_str(), name, what, %error, "shared state was not told");
    count("steadfast_shared_state_untold_total", [("layer", layer.as_str()), ("name", name), ("what", what)]);
}

/// A label's name and value.
type Named = (&'static str, &'static str);

/// A policy's metric of one name, which is looked up once: for what happens in many calls.
#[derive(Debug)]
pub(crate) struct Counted(OnceLock<Key>);

impl Counted {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }
}

/// One more of a metric.
fn count<const N: usize>(metric: &'static str, labels: [Named; N]) {
    count_as(&key(metric, &labels));
}

/// The recorder is asked for each time, so that one installed late counts.
fn count_as(key: &Key) {
    static METADATA: Metadata<'static> = Metadata::new("steadfast", Level::INFO, Some(module_path!()));
    metrics::with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
}

fn key(metric: &'static str, labels: &[Named]) -> Key {
    Key::from_static_parts(metric, known(labels))
}

/// The labels as the facade wants them. It would make a list of them for every event; a storm of
/// refusals is not the time to allocate. Names and codes are the program's own, so there are few.
fn known(labels: &[Named]) -> &'static [Label] {
    static KNOWN: RwLock<BTreeMap<Vec<Named>, &'static [Label]>> = RwLock::new(BTreeMap::new());
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(labels) {
        return known;
    }
    let made = || labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect::<Vec<_>>().leak();
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).entry(labels.to_vec()).or_insert_with(|| made())
}
