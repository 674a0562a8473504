//! What is stuck, seen and resolved.

use std::sync::Arc;

use steadfast::Kind;

use super::support::{Answer, App, Done, Downstream, checkout};
use crate::saga::{MemorySagaLog, OperateError, Progress, Resolution, SagaError, Status, Why};

const NO: Answer = Answer::Not(Kind::Terminal);

async fn stuck(answers: &[&str]) -> (App, MemorySagaLog, Arc<Downstream>) {
    let downstream = Arc::new(Downstream::default());
    answers.iter().for_each(|name| downstream.answers(name, &[NO]));
    let (app, log) = (App::new(&downstream), MemorySagaLog::default());
    let outcome = checkout().run(&app, &log, "order-17", Done::new()).await;
    assert!(matches!(outcome, Err(SagaError::Stuck { .. })), "{outcome:?}");
    (app, log, downstream)
}

#[tokio::test(start_paused = true)]
async fn it_is_drawn_with_what_happened_to_each_step() {
    let (app, log, downstream) = stuck(&["charge", "undo discount"]).await;
    let saga = checkout();
    let execution = saga.execution(&log, "order-17").await.unwrap().unwrap();
    assert_eq!(execution.status(), Status::Stuck);
    assert_eq!(
        execution.to_string(),
        "checkout order-17, version 1: stuck\n  \
         1  reserve   done\n  \
         2  discount  stuck, undoing it: it failed with a definite answer\n  \
         3  charge    failed: it failed with a definite answer\n  \
         4  ship      waiting"
    );
    downstream.mend("undo discount");
    saga.resolve(&log, "order-17", Resolution::Again, " the shop is open again ").await.unwrap();
    let execution = saga.execution(&log, "order-17").await.unwrap().unwrap();
    assert_eq!(execution.steps().nth(1), Some(("discount", Progress::Undoing)));
    assert_eq!(saga.resume_all(&app, &log).await.unwrap().undone, 1);
    let execution = saga.execution(&log, "order-17").await.unwrap().unwrap();
    assert_eq!((execution.version(), execution.resumed(), execution.id().id()), (1, 1, "order-17"));
    assert_eq!(
        execution.to_string(),
        "checkout order-17, version 1: undone\n  \
         1  reserve   undone\n  \
         2  discount  undone\n  \
         3  charge    failed: it failed with a definite answer\n  \
         4  ship      waiting\n  \
         resolved by an operator: the shop is open again"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_said_of_it_is_refused() {
    let (app, log, downstream) = stuck(&["ship"]).await;
    let saga = checkout();
    let resolve = async |resolution, reason: &str| saga.resolve(&log, "order-17", resolution, reason).await;
    assert!(matches!(resolve(Resolution::Again, " \n").await, Err(OperateError::NoReason)));
    let undone = resolve(Resolution::Undone, "sent back").await.unwrap_err();
    assert_eq!(
        undone.to_string(),
        "after the pivot a saga only goes forward, so the step is resolved as done, or tried again"
    );
    let none = saga.resolve(&log, "order-18", Resolution::Again, "seen").await;
    assert!(matches!(none, Err(OperateError::NoSaga)));
    assert!(matches!(saga.resolve(&log, "", Resolution::Again, "seen").await, Err(OperateError::Id(_))));
    // Refused, it is as it was.
    assert_eq!(saga.stuck(&log, None, 10).await.unwrap().len(), 1);

    resolve(Resolution::Done(vec!["by hand".into()]), "carried there").await.unwrap();
    assert!(matches!(resolve(Resolution::Again, "seen").await, Err(OperateError::NotStuck)));
    assert_eq!(saga.run(&app, &log, "order-17", Done::new()).await.unwrap(), ["by hand"]);
    assert!(matches!(resolve(Resolution::Again, "seen").await, Err(OperateError::NotStuck)));
    assert_eq!(downstream.calls("ship"), 1);
}

/// An undo is not done by saying that its step is.
#[tokio::test(start_paused = true)]
async fn an_undo_is_undone_or_tried_again() {
    let (_, log, _) = stuck(&["charge", "undo reserve"]).await;
    let done = checkout().resolve(&log, "order-17", Resolution::Done(Done::new()), "seen").await;
    assert!(matches!(done, Err(OperateError::NotSo(_))), "{done:?}");
}

/// What is resolved as to be tried again may be stuck again, and is seen again.
#[tokio::test(start_paused = true)]
async fn stuck_again_it_is_listed_again() {
    let (app, log, _) = stuck(&["ship"]).await;
    for round in 1..4 {
        checkout().resolve(&log, "order-17", Resolution::Again, "the carrier said so").await.unwrap();
        assert!(checkout().stuck(&log, None, 10).await.unwrap().is_empty());
        let resumed = checkout().resume_all(&app, &log).await.unwrap();
        assert!(matches!(&*resumed.failed, [(_, SagaError::Stuck { why: Why::Terminal, .. })]), "{resumed:?}");
        let execution = checkout().execution(&log, "order-17").await.unwrap().unwrap();
        assert_eq!((execution.reasons().count(), execution.status()), (round, Status::Stuck));
    }
}
