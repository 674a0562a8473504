//! What a failure means, cell by cell: in the table, and as a saga shows it.

use std::sync::Arc;

use steadfast::Kind::{Refused, Terminal, Transient, Unknown};
use steadfast::{Failure, idempotent::StoreError};

use super::support::{Answer, App, Done, Downstream, Fault, checkout};
use crate::saga::verdict::Place::{Forward, Undecided, Undo};
use crate::saga::verdict::Verdict::{GoBack, Insist, Stuck};
use crate::saga::verdict::{together, verdict};
use crate::saga::{MemorySagaLog, Progress, SagaError, Why};

#[test]
fn the_table() {
    let stuck = [Transient, Terminal, Unknown, Refused].map(|kind| (kind, Stuck, Stuck));
    let undecided =
        [(Transient, GoBack, GoBack), (Terminal, GoBack, GoBack), (Unknown, Insist, Stuck), (Refused, GoBack, GoBack)];
    let table = [(Undecided, undecided), (Forward, stuck), (Undo, stuck)];
    for (place, row) in table {
        for (kind, at_first, insisted) in row {
            assert_eq!(verdict(place, kind, false), at_first, "{place:?} {kind:?}");
            assert_eq!(verdict(place, kind, true), insisted, "{place:?} {kind:?}, insisted");
        }
    }
}

#[test]
fn a_doubt_stays_until_a_definite_answer() {
    for (last, in_doubt, kind) in [
        (Transient, false, Transient),
        (Transient, true, Unknown),
        (Refused, false, Refused),
        (Refused, true, Unknown),
        (Terminal, false, Terminal),
        (Terminal, true, Terminal),
        (Unknown, false, Unknown),
        (Unknown, true, Unknown),
    ] {
        assert_eq!(together(last, in_doubt), kind, "{last:?} {in_doubt}");
    }
}

/// The saga, with this step failing so: how it ended, how often the step was called, what is downstream.
async fn failing(name: &str, answers: &[Answer]) -> (Result<Done, SagaError<Fault>>, u32, Vec<String>) {
    let downstream = Arc::new(Downstream::default());
    downstream.answers(name, answers);
    if name.starts_with("undo") {
        downstream.answers("charge", &[Answer::Not(Terminal)]);
    }
    let app = App::new(&downstream);
    let outcome = checkout().run(&app, &MemorySagaLog::default(), "order-17", Done::new()).await;
    (outcome, downstream.calls(name), downstream.effects().into_keys().collect())
}

#[tokio::test(start_paused = true)]
async fn before_the_pivot_and_at_it_what_did_not_happen_turns_the_saga_back() {
    for name in ["discount", "charge"] {
        for (kind, why, calls) in
            [(Transient, Why::Transient, 2), (Terminal, Why::Terminal, 1), (Refused, Why::Refused, 2)]
        {
            let (outcome, called, effects) = failing(name, &[Answer::Not(kind)]).await;
            let Err(SagaError::Undone { step, why: told, error }) = outcome else { panic!("{outcome:?}") };
            assert_eq!((&*step, told, error, called), (name, why, Some(Fault(kind)), calls));
            assert_eq!(effects.iter().filter(|name| name.starts_with("undo")).count() * 2, effects.len());
        }
    }
}

/// Two attempts of a caller who waits, and three that insist.
#[tokio::test(start_paused = true)]
async fn before_the_pivot_and_at_it_what_may_have_happened_is_insisted_on_and_then_stuck() {
    for name in ["discount", "charge"] {
        for answer in [Answer::LostAfter, Answer::Not(Unknown)] {
            let (outcome, called, effects) = failing(name, &[answer]).await;
            let Err(SagaError::Stuck { id, step, undoing, why, error }) = outcome else { panic!("{outcome:?}") };
            assert_eq!((&*step, undoing, why, called), (name, false, Why::Unknown, 5));
            assert_eq!((id.id(), error), ("order-17", Some(Fault(Unknown))));
            assert!(!effects.iter().any(|name| name.starts_with("undo")), "nothing is undone while it may be done");
        }
    }
}

/// The answer was lost, and then the other side is down: that it is down says nothing of what it did before.
#[tokio::test(start_paused = true)]
async fn a_later_failure_that_did_nothing_does_not_end_the_doubt() {
    let (outcome, _, effects) = failing("charge", &[Answer::LostAfter, Answer::Not(Transient)]).await;
    let Err(SagaError::Stuck { why: Why::Unknown, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(effects, ["charge", "discount", "reserve"]);

    let (outcome, called, _) = failing("charge", &[Answer::Not(Unknown), Answer::Not(Terminal)]).await;
    assert!(matches!(outcome, Err(SagaError::Undone { why: Why::Terminal, .. })), "{outcome:?}");
    assert_eq!(called, 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_is_the_answer() {
    for (answers, calls) in [(vec![Answer::LostAfter, Answer::Replayed], 2), (vec![Answer::Not(Unknown); 4], 5)] {
        let answers: Vec<Answer> = answers.into_iter().chain([Answer::Replayed]).collect();
        let (outcome, called, effects) = failing("charge", &answers).await;
        assert_eq!((outcome.unwrap().len(), called, effects.len()), (4, calls, 4));
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_pivot_nothing_turns_back() {
    for (kind, why, calls) in [
        (Transient, Why::Transient, 3),
        (Terminal, Why::Terminal, 1),
        (Unknown, Why::Unknown, 3),
        (Refused, Why::Refused, 3),
    ] {
        let (outcome, called, effects) = failing("ship", &[Answer::Not(kind)]).await;
        let Err(SagaError::Stuck { step, undoing: false, why: told, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((&*step, told, called), ("ship", why, calls));
        assert_eq!(effects, ["charge", "discount", "reserve"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_for_good_is_stuck() {
    for (kind, calls) in [(Transient, 3), (Terminal, 1), (Unknown, 3), (Refused, 3)] {
        let (outcome, called, effects) = failing("undo discount", &[Answer::Not(kind)]).await;
        let Err(SagaError::Stuck { step, undoing: true, error, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((&*step, error, called), ("discount", Some(Fault(kind)), calls));
        assert_eq!(effects, ["discount", "reserve"]);
    }
}

/// What the layers of a stack are told.
#[test]
fn the_kinds_of_a_sagas_errors() {
    let id = crate::saga::SagaId::new("checkout", "order-17").unwrap();
    let stuck = SagaError::<Fault>::Stuck { id, step: "s".into(), undoing: false, why: Why::Unknown, error: None };
    let undone = SagaError::<Fault>::Undone { step: "s".into(), why: Why::Transient, error: None };
    assert_eq!([stuck.kind(), undone.kind()], [Unknown, Terminal]);
    assert_eq!(SagaError::<Fault>::Log(StoreError::full()).kind(), Refused);
    assert_eq!(SagaError::<Fault>::Log(StoreError::new("gone")).kind(), Unknown);
    assert_eq!(SagaError::<Fault>::Lost.kind(), Unknown);
    assert_eq!(SagaError::<Fault>::Conflict.kind(), Refused);
    let until = steadfast::clock::wall() + std::time::Duration::from_secs(60);
    let running = SagaError::<Fault>::Running { until };
    assert_eq!(running.kind(), Refused);
    assert!(running.retry_after().unwrap().as_secs() >= 59);
    assert_eq!(Progress::Failed(Why::Terminal).to_string(), "failed: it failed with a definite answer");
}

/// The other side remembers them: a later version of this library must make the same.
#[test]
fn the_keys_of_steps_stay() {
    let key = |saga, id, step: &str, undo| {
        let id = crate::saga::SagaId::new(saga, id).unwrap();
        crate::saga::Step::new(id, step.into(), undo, 1).downstream_key().to_owned()
    };
    assert_eq!(
        key("checkout", "order-17", "charge", false),
        "d5ccf4f38ad637183f277bd2b8f6552403ba8235f7eb7a66bb83913051d17480"
    );
    let all = [
        key("checkout", "order-17", "charge", false),
        key("checkout", "order-17", "charge", true),
        key("checkout", "order-17", "ship", false),
        key("checkout", "order-18", "charge", false),
        key("refund", "order-17", "charge", false),
        key("checkouto", "rder-17", "charge", false),
    ];
    let different: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}
