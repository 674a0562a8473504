//! What the rules say, and what follows from it. Told everything: nothing is asked and nothing waits.

use std::time::SystemTime;

use super::opinion::Says;
use super::{Case, Code, Count, Decision, Facts, Opinion, Rule, Said, Verdict};

/// A rule under its name.
pub(super) struct Named<X> {
    pub(super) name: Code,
    pub(super) shadow: bool,
    pub(super) rule: Box<dyn Rule<X>>,
}

/// Why a rule was not evaluated.
const ENDED_BEFORE: Code = Code::new("ended_before");

/// What every rule says, in their order, each told its count. The first that blocks or refuses ends it
/// for all after it but those in shadow, which end nothing.
pub(super) fn verdicts<X: 'static>(
    rules: &[Named<X>],
    facts: &Facts<X>,
    counts: &[Count],
    now: SystemTime,
) -> Vec<Verdict> {
    let counts = counts.iter().copied().chain(std::iter::repeat(Count::Unavailable));
    let mut ended = false;
    let mut verdicts = Vec::with_capacity(rules.len());
    for (named, count) in rules.iter().zip(counts) {
        let asked = named.shadow || !ended;
        let opinion = asked.then(|| named.rule.opinion(&Case::new(facts, count, now)));
        let verdict = named.verdict(opinion);
        ended |= !verdict.shadow && matches!(verdict.said, Said::Block | Said::Refuse);
        verdicts.push(verdict);
    }
    verdicts
}

impl<X> Named<X> {
    fn verdict(&self, opinion: Option<Opinion>) -> Verdict {
        let (said, score, reason) = match opinion {
            None => (Said::NotEvaluated, 0, ENDED_BEFORE),
            Some(Opinion { says, score, reason }) => (self.said(says), score, reason),
        };
        Verdict { rule: self.name.clone(), shadow: self.shadow, said, score, reason }
    }

    fn said(&self, says: Says) -> Said {
        match says {
            Says::Nothing => Said::NoOpinion,
            Says::Refuses if self.shadow => Said::NoOpinion,
            Says::Refuses => Said::Refuse,
            Says::Decides(Decision::Approve) => Said::Approve,
            Says::Decides(Decision::Review) => Said::Review,
            Says::Decides(Decision::Challenge) => Said::Challenge,
            Says::Decides(Decision::Block) => Said::Block,
        }
    }
}

/// What follows from the verdicts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement<'a> {
    Decided {
        decision: Decision,
        score: u32,
    },
    /// This rule will not have the payment go on.
    Refused(&'a Verdict),
}

/// The severest decision counts, and a score that reaches the threshold is at least a review. A
/// challenge is met when the customer is authenticated.
pub(super) fn judge(verdicts: &[Verdict], review_threshold: u32, authenticated: bool) -> Judgement<'_> {
    let (mut decision, mut score) = (Decision::Approve, 0_u32);
    for verdict in verdicts.iter().filter(|verdict| !verdict.shadow) {
        if verdict.said == Said::Refuse {
            return Judgement::Refused(verdict);
        }
        score = score.saturating_add(verdict.score);
        match verdict.said.decision() {
            Some(Decision::Challenge) if authenticated => {}
            Some(said) => decision = decision.max(said),
            None => {}
        }
    }
    if score >= review_threshold {
        decision = decision.max(Decision::Review);
    }
    Judgement::Decided { decision, score }
}
