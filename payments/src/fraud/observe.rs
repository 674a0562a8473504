//! What an assessment tells: one event, and a count for each verdict.

use std::borrow::Cow;

use steadfast::idempotent::StoreError;

use super::{Assessment, Code, Unassessed, Verdict};

pub(super) fn assessed(assessment: &Assessment, trouble: Option<&StoreError>) {
    let Assessment { engine, decision, score, .. } = assessment;
    let by = assessment.blocked_by().or_else(|| assessment.challenged_by());
    tracing::info!(
        %engine,
        %decision,
        score,
        rule = by.map(|verdict| tracing::field::display(verdict.rule())),
        reason = by.map(|verdict| tracing::field::display(verdict.reason())),
        counts_error = trouble.map(tracing::field::display),
        "payment assessed"
    );
    count(engine, decision.as_str(), &assessment.verdicts);
}

pub(super) fn unassessed(unassessed: &Unassessed) {
    let trouble = std::error::Error::source(unassessed);
    tracing::warn!(
        engine = %unassessed.engine(),
        decision = REFUSED,
        rule = %unassessed.rule(),
        reason = %unassessed.reason(),
        counts_error = trouble.map(tracing::field::display),
        "payment assessed"
    );
    count(unassessed.engine(), REFUSED, unassessed.verdicts());
}

const REFUSED: &str = "refused";

fn count(engine: &Code, decision: &'static str, verdicts: &[Verdict]) {
    let engine = engine.label();
    metrics::counter!("steadfast_fraud_assessments_total", "name" => engine.clone(), "decision" => decision)
        .increment(1);
    for Verdict { rule, shadow, said, .. } in verdicts {
        let shadow = Cow::Borrowed(if *shadow { "true" } else { "false" });
        metrics::counter!(
            "steadfast_fraud_verdicts_total",
            "name" => engine.clone(), "rule" => rule.label(), "said" => said.as_str(), "shadow" => shadow
        )
        .increment(1);
    }
}
