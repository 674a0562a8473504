//! The formats of `tracing-subscriber`.

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{fmt, registry};

use super::*;

fn assert_said(text: &str) {
    assert_clean(text);
    for said in ["************1111", "[masked]", "outer", "charge", "root", "inside", "with a parent"] {
        assert!(text.contains(said), "no {said:?} in:\n{text}");
    }
}

#[test]
fn full() {
    let output = Output::default();
    // Without the time, whose digits may be those of a secret.
    let layer = fmt::layer().with_ansi(false).without_time().with_span_events(FmtSpan::FULL);
    told(registry().with(layer.with_writer(output.writer())), say_everything);
    assert_said(&output.text());
}

#[test]
fn pretty_compact_and_json_at_once() {
    let outputs = [Output::default(), Output::default(), Output::default()];
    let [pretty, compact, json] = &outputs;
    let subscriber = registry()
        .with(fmt::layer().pretty().with_ansi(false).without_time().with_writer(pretty.writer()))
        .with(fmt::layer().compact().with_ansi(false).without_time().with_writer(compact.writer()))
        .with(fmt::layer().json().without_time().with_writer(json.writer()));
    told(subscriber, say_everything);
    outputs.iter().for_each(|output| assert_said(&output.text()));
}

#[test]
fn the_subscriber_that_comes_ready_made() {
    let output = Output::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(output.writer())
        .finish();
    told(subscriber, say_everything);
    assert_said(&output.text());
}

#[test]
fn a_line_without_card_data_is_the_line_that_would_be_there_anyway() {
    fn say() {
        let span = info_span!("charge", order = "ORD-20261121-000042", attempt = 1, late = tracing::field::Empty);
        span.record("late", tracing::field::debug(Some(1.5)));
        let _entered = span.enter();
        tracing::info!(amount = 1250, ok = true, rate = 0.5, by = %"visa", raw = ?[1, 2], "charged {}", "it");
    }
    let outputs = [Output::default(), Output::default()];
    let make = |output: &Output| {
        registry()
            .with(fmt::layer().json().without_time().with_writer(output.writer()))
            .with(fmt::layer().with_ansi(false).without_time().with_writer(output.writer()))
    };
    told(make(&outputs[0]), say);
    tracing::subscriber::with_default(make(&outputs[1]), say);
    assert_eq!(outputs[0].text(), outputs[1].text());
    assert!(outputs[0].text().contains("charged it"));
}

#[test]
fn every_source_of_an_error_is_there_and_masked() {
    let output = Output::default();
    told(registry().with(fmt::layer().with_ansi(false).without_time().with_writer(output.writer())), || {
        let error = declined();
        tracing::error!(error = &error as &(dyn Error + 'static), "failed");
    });
    let text = output.text();
    assert!(
        text.contains("error=card ************1111 declined error.sources=[cvv [masked] does not match]"),
        "{text}"
    );
}
