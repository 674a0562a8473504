//! The one place that tells the outside what happens inside.
//!
//! Each function names one event; all are free when nobody listens.

use std::time::Duration;

use crate::Layer;

/// A circuit breaker changed its state.
pub(crate) fn breaker_changed(name: &'static str, from: &'static str, to: &'static str) {
    tracing::info!(breaker = name, from, to, "circuit breaker changed");
    metrics::counter!("steadfast_breaker_changes_total", "name" => name, "to" => to).increment(1);
}

/// A layer said no.
pub(crate) fn refused(layer: Layer, name: &'static str, code: &'static str) {
    tracing::debug!(layer = layer.as_str(), name, code, "refused");
    metrics::counter!("steadfast_refusals_total", "layer" => layer.as_str(), "name" => name, "code" => code)
        .increment(1);
}

/// A retry waits before its next attempt.
pub(crate) fn retrying(name: &'static str, attempt: u32, pause: Duration) {
    tracing::debug!(name, attempt, ?pause, "retrying");
    metrics::counter!("steadfast_retries_total", "name" => name).increment(1);
}

/// An idempotent call was answered from its record.
pub(crate) fn replayed(name: &'static str) {
    tracing::debug!(name, "replayed");
    metrics::counter!("steadfast_replays_total", "name" => name).increment(1);
}

/// An idempotency record could not be kept as it should be: somebody has to look.
pub(crate) fn record_trouble(name: &'static str, what: &'static str, error: &dyn std::fmt::Display) {
    tracing::error!(name, what, %error, "idempotency record");
    metrics::counter!("steadfast_record_trouble_total", "name" => name, "what" => what).increment(1);
}
