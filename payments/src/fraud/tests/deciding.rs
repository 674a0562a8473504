//! What follows from what rules say, against a plain model.

use std::time::SystemTime;

use proptest::prelude::*;

use crate::fraud::decision::{Judgement, Named, judge, verdicts};
use crate::fraud::opinion::Says;
use crate::fraud::*;

/// A rule that says the same of every payment, and whether it is in shadow.
type Scripted = (Opinion, bool);

fn opinion() -> impl Strategy<Value = Opinion> {
    let score = prop_oneof![4 => 0..60_u32, 1 => Just(u32::MAX)];
    let says = prop_oneof![
        2 => Just(Says::Nothing),
        4 => Just(Says::Decides(Decision::Approve)),
        3 => Just(Says::Decides(Decision::Review)),
        3 => Just(Says::Decides(Decision::Challenge)),
        2 => Just(Says::Decides(Decision::Block)),
        1 => Just(Says::Refuses),
    ];
    (says, score).prop_map(|(says, score)| match says {
        Says::Decides(decision) => Opinion::new(decision, score, "decided"),
        Says::Nothing => Opinion::none("missing"),
        Says::Refuses => Opinion::refuse("down"),
    })
}

fn scripts() -> impl Strategy<Value = Vec<Scripted>> {
    prop::collection::vec((opinion(), prop::bool::weighted(0.3)), 0..8)
}

fn named(scripts: &[Scripted]) -> Vec<Named<()>> {
    let named = |(opinion, shadow): &Scripted| {
        let opinion = opinion.clone();
        Named { name: Code::new("rule"), shadow: *shadow, rule: Box::new(move |_: &Case<'_>| opinion.clone()) }
    };
    scripts.iter().map(named).collect()
}

/// Whether the rule is evaluated: looked up from the beginning for each.
fn is_asked(scripts: &[Scripted], n: usize) -> bool {
    let ends = |(opinion, shadow): &Scripted| {
        !shadow && matches!(opinion.says, Says::Refuses | Says::Decides(Decision::Block))
    };
    scripts[n].1 || !scripts[..n].iter().any(ends)
}

/// What is to come out: each question answered by itself. `None` is a refusal.
fn plain(scripts: &[Scripted], threshold: u32, authenticated: bool) -> Option<(Decision, u32)> {
    let live: Vec<_> =
        (0..scripts.len()).filter(|&n| is_asked(scripts, n) && !scripts[n].1).map(|n| scripts[n].0.clone()).collect();
    if live.iter().any(|opinion| opinion.says == Says::Refuses) {
        return None;
    }
    let any = |decision| live.iter().any(|opinion| opinion.says == Says::Decides(decision));
    let score: u64 = live.iter().map(|opinion| u64::from(opinion.score)).sum();
    let decision = if any(Decision::Block) {
        Decision::Block
    } else if any(Decision::Challenge) && !authenticated {
        Decision::Challenge
    } else if any(Decision::Review) || score >= u64::from(threshold) {
        Decision::Review
    } else {
        Decision::Approve
    };
    Some((decision, u32::try_from(score).unwrap_or(u32::MAX)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_decides_as_the_plain_model_does(scripts in scripts(), threshold in 1..120_u32, authenticated: bool) {
        let facts = Facts::new("order-17");
        let counts = vec![Count::NotAsked; scripts.len()];
        let verdicts = verdicts(&named(&scripts), &facts, &counts, SystemTime::UNIX_EPOCH);

        // Every rule has its verdict, in its place.
        prop_assert_eq!(verdicts.len(), scripts.len());
        for (n, (verdict, (opinion, shadow))) in verdicts.iter().zip(&scripts).enumerate() {
            prop_assert_eq!(verdict.is_shadow(), *shadow);
            if !is_asked(&scripts, n) {
                prop_assert_eq!((verdict.said(), verdict.score()), (Said::NotEvaluated, 0));
                continue;
            }
            prop_assert_eq!((verdict.score(), verdict.reason()), (opinion.score, &opinion.reason));
            match opinion.says {
                Says::Decides(decision) => prop_assert_eq!(verdict.said().as_str(), decision.as_str()),
                Says::Refuses if !shadow => prop_assert_eq!(verdict.said(), Said::Refuse),
                _ => prop_assert_eq!(verdict.said(), Said::NoOpinion),
            }
        }
        match (judge(&verdicts, threshold, authenticated), plain(&scripts, threshold, authenticated)) {
            (Judgement::Decided { decision, score }, Some(expected)) => prop_assert_eq!((decision, score), expected),
            (Judgement::Refused(verdict), None) => prop_assert_eq!(verdict.said(), Said::Refuse),
            (judged, expected) => prop_assert!(false, "{:?} is not {:?}", judged, expected),
        }
    }

    /// A rule that is tried out changes nothing, wherever it stands.
    #[test]
    fn what_is_in_shadow_changes_nothing(scripts in scripts(), threshold in 1..120_u32, authenticated: bool) {
        let facts = Facts::new("order-17");
        let live: Vec<_> = scripts.iter().filter(|(_, shadow)| !shadow).cloned().collect();
        let all = |scripts: &[Scripted]| {
            let counts = vec![Count::NotAsked; scripts.len()];
            verdicts(&named(scripts), &facts, &counts, SystemTime::UNIX_EPOCH)
        };
        let (with, without) = (all(&scripts), all(&live));
        prop_assert_eq!(judge(&with, threshold, authenticated), judge(&without, threshold, authenticated));
        let kept: Vec<_> = with.into_iter().filter(|verdict| !verdict.is_shadow()).collect();
        prop_assert_eq!(kept, without);
    }
}
