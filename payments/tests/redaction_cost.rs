//! Where there is nothing to mask, nothing is allocated.
#![cfg(feature = "redaction")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use allocation_counter::measure;
use serde_json::json;
use steadfast_payments::redaction::{Redacted, redact, redact_json};
use tracing::{Event, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, registry};

fn allocations(work: impl Fn()) -> u64 {
    // What is made once.
    (0..10).for_each(|_| work());
    measure(|| (0..100).for_each(|_| work())).count_total
}

#[test]
fn a_text_without_card_data_is_borrowed() {
    let lines = [
        "2026-11-21T10:30:45.123456Z INFO charge{order=ORD-20261121-000042}: authorized 1250.00 EUR in 12 ms",
        r#"{"id":"550e8400-e29b-41d4-a716-446655440000","at":1795257045123,"imei":"356938035643809"}"#,
        "4111111111111112 4111 1111 1111 1112 cvv: 12 pin 2026-11-21",
        "",
    ];
    assert_eq!(allocations(|| lines.iter().for_each(|line| assert_eq!(redact(line), *line))), 0);
}

#[test]
fn so_is_json() {
    let mut body =
        json!({ "amount": 1250, "at_ms": 1_795_257_045_123_u64, "rate": 0.5, "tags": ["a", { "id": "pi_1" }] });
    let before = body.clone();
    assert_eq!(measure(|| redact_json(&mut body)).count_total, 0);
    assert_eq!(body, before);
}

/// Reads every value, and keeps none.
struct Listener;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut |_: &tracing::field::Field, _: &dyn std::fmt::Debug| {});
    }
}

#[test]
fn an_event_costs_no_allocation() {
    tracing::subscriber::with_default(Redacted::new(registry().with(Listener)), || {
        let span = info_span!("charge", order = "ORD-20261121-000042", late = tracing::field::Empty);
        let _entered = span.enter();
        let say = || {
            info!(amount = 1250, at = 1_795_257_045_123_u64, ok = true, rate = 0.5, by = %"visa", raw = ?[1, 2], "charged {}", 7);
            span.record("late", "soon");
        };
        assert_eq!(allocations(say), 0);
    });
}
