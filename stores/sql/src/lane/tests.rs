//! The queue by itself: who is taken together, who is left, and who hears of it.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Claimed, Held, NewClaim, Outcome, RecordId, RecordState, Token};
use tokio::sync::Semaphore;

use super::*;
use crate::step::Change;

/// Takes every batch that it is let to, and remembers what was in them.
struct Script {
    turns: Semaphore,
    batches: Mutex<Vec<Vec<String>>>,
    ends: fn(&[Step]) -> sqlx::Result<Vec<Done>>,
}

impl Commits for Script {
    async fn commit(&self, steps: &[Step]) -> sqlx::Result<Vec<Done>> {
        self.batches.lock().unwrap().push(steps.iter().map(|step| step.id().key().to_owned()).collect());
        self.turns.acquire().await.unwrap().forget();
        (self.ends)(steps)
    }
}

fn lane(turns: usize, ends: fn(&[Step]) -> sqlx::Result<Vec<Done>>) -> Arc<Lane<Script>> {
    Lane::new(Script { turns: Semaphore::new(turns), batches: Mutex::default(), ends })
}

fn all_well(steps: &[Step]) -> sqlx::Result<Vec<Done>> {
    let done = |step: &Step| match step {
        Step::Claim(_) => Done::Claimed(Claimed::Won),
        Step::Change(_) => Done::Held(Held::Yes),
    };
    Ok(steps.iter().map(done).collect())
}

fn batches(lane: &Lane<Script>) -> Vec<Vec<String>> {
    std::mem::take(&mut lane.database.batches.lock().unwrap())
}

fn id(key: &str) -> RecordId {
    RecordId::new("n", None, key).unwrap()
}

fn claim(key: &str) -> Step {
    let now = SystemTime::UNIX_EPOCH;
    let (token, fingerprint, take_over) = (Token::random(), None, None);
    Step::Claim(NewClaim { id: id(key), fingerprint, token, now, claimed_at: now, lease_until: now, take_over })
}

fn end(key: &str) -> Step {
    Step::Change(Change { id: id(key), token: Token::random(), to: Some(RecordState::Ended(Outcome::Unknown)) })
}

fn renewal(key: &str) -> Step {
    let to = RecordState::InFlight { lease_until: SystemTime::UNIX_EPOCH };
    Step::Change(Change { id: id(key), token: Token::random(), to: Some(to) })
}

/// Steps that are in the queue, in this order.
async fn ask(lane: &Arc<Lane<Script>>, steps: impl IntoIterator<Item = Step>) -> Vec<tokio::task::JoinHandle<Answer>> {
    let mut asked = Vec::new();
    for step in steps {
        let lane = lane.clone();
        asked.push(tokio::spawn(async move { lane.step(step).await }));
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }
    asked
}

#[tokio::test]
async fn who_comes_during_a_commit_shares_the_next_one() {
    let lane = lane(0, all_well);
    let asked = ask(&lane, ["b", "d", "a", "c"].map(claim)).await;
    lane.database.turns.add_permits(2);
    for asked in asked {
        assert!(matches!(asked.await.unwrap(), Ok(Done::Claimed(Claimed::Won))));
    }
    assert_eq!(batches(&lane), [vec!["b"], vec!["a", "c", "d"]]);
    assert!(!lane.queue().served, "nobody serves an empty queue");
}

#[tokio::test]
async fn a_row_is_changed_once_in_a_commit_and_in_the_order_of_the_words() {
    let lane = lane(0, all_well);
    let asked = ask(&lane, [end("z"), end("a"), end("b"), end("a"), end("a")]).await;
    lane.database.turns.add_permits(100);
    for asked in asked {
        asked.await.unwrap().unwrap();
    }
    assert_eq!(batches(&lane), [vec!["z"], vec!["a", "b"], vec!["a"], vec!["a"]]);
}

#[tokio::test]
async fn who_leaves_the_queue_takes_claim_and_renewal_along_but_not_an_end() {
    let lane = lane(0, all_well);
    let mut asked = ask(&lane, [claim("first"), claim("claim"), renewal("renewal"), end("end"), claim("last")]).await;
    for left in &asked[1..4] {
        left.abort();
    }
    tokio::task::yield_now().await;
    lane.database.turns.add_permits(2);
    asked.pop().unwrap().await.unwrap().unwrap();
    assert_eq!(batches(&lane), [vec!["first"], vec!["end", "last"]]);
}

#[tokio::test]
async fn one_that_fails_fails_for_itself() {
    let lane =
        lane(
            100,
            |steps| {
                if steps.iter().any(|step| step.id().key() == "bad") { Err(refused()) } else { all_well(steps) }
            },
        );
    let asked = ask(&lane, ["first", "a", "bad", "c"].map(claim)).await;
    lane.database.turns.add_permits(100);
    let mut answers = Vec::new();
    for asked in asked {
        answers.push(asked.await.unwrap().is_ok());
    }
    assert_eq!(answers, [true, true, false, true]);
}

/// The database's refusal of a statement.
fn refused() -> sqlx::Error {
    sqlx::Error::Database(Box::new(Refused))
}

#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::error::Error for Refused {}

impl sqlx::error::DatabaseError for Refused {
    fn message(&self) -> &str {
        "no"
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some("22021".into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> sqlx::error::ErrorKind {
        sqlx::error::ErrorKind::Other
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_database_has_gone_nobody_waits_for_it_one_by_one() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let lane = lane(0, |steps| match (ASKED.fetch_add(1, Ordering::Relaxed), steps.len()) {
        (0, _) => all_well(steps),
        (1, _) => Err(refused()),
        _ => Err(sqlx::Error::PoolTimedOut),
    });
    let asked = ask(&lane, (0..50).map(|key| claim(&key.to_string()))).await;
    lane.database.turns.add_permits(100);
    for (place, asked) in asked.into_iter().enumerate() {
        assert_eq!(asked.await.unwrap().is_ok(), place == 0);
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 3, "a lone one, a batch, and the first of it by itself");
}

#[tokio::test(start_paused = true)]
async fn a_commit_without_an_end_is_given_up() {
    struct Never;
    impl Commits for Never {
        async fn commit(&self, _: &[Step]) -> sqlx::Result<Vec<Done>> {
            pending().await
        }
    }
    let lane = Lane::new(Never);
    let late = tokio::time::timeout(Duration::from_secs(60), lane.step(claim("k"))).await;
    assert_eq!(late.unwrap().unwrap_err().to_string(), DatabaseError::late().to_string());
}

#[tokio::test]
async fn a_panic_is_heard_of_and_the_next_step_is_taken() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let lane = lane(100, |steps| match ASKED.fetch_add(1, Ordering::Relaxed) {
        0 => panic!("a defect"),
        _ => all_well(steps),
    });
    assert!(lane.step(claim("a")).await.is_err());
    assert!(lane.step(claim("b")).await.is_ok());
}

#[test]
fn without_a_runtime_it_is_an_error() {
    let lane = lane(100, all_well);
    let mut step = std::pin::pin!(lane.step(claim("a")));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = step.as_mut().poll(&mut cx) else { panic!("it waits") };
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}
