//! Calls whose outcome nobody knew, and what the gateway's report says of them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use steadfast::clock;
use steadfast::idempotent::{
    Claim, MemoryStore, NewClaim, Operator, Outcome, RecordId, RecordState, Recovered, ResolveError, Store, StoreError,
    Stored, Token,
};

use super::super::*;
use super::support::{day, ended, eur, row};

#[derive(Debug, PartialEq, steadfast::Failure)]
enum ChargeError {
    #[failure(terminal)]
    Declined(String),
    #[failure(transient)]
    NotTerminal,
}

const NAME: &str = "tests.charge";
const HOUR: Duration = Duration::from_secs(3600);

async fn unknown(store: &MemoryStore, name: &'static str, key: &str) -> RecordId {
    let id = RecordId::new(name, None, key).unwrap();
    let now = clock::wall();
    let token = Token::random();
    let new = NewClaim {
        id: id.clone(),
        token,
        fingerprint: None,
        now,
        claimed_at: now,
        lease_until: now + HOUR,
        take_over: None,
    };
    store.claim(new).await.unwrap();
    store.complete(&id, token, Outcome::Unknown).await.unwrap();
    id
}

fn said(_: &steadfast::idempotent::UnknownOutcome, rows: &[Row]) -> Verdict<i64, ChargeError> {
    match rows {
        [row] if row.status() == Status::Captured => Verdict::Happened(row.amount().minor()),
        [row] if row.status() == Status::Voided => Verdict::NeverHappened,
        _ => Verdict::Unclear,
    }
}

fn all_time() -> std::ops::Range<SystemTime> {
    day(0)..clock::wall()
}

/// Days later.
async fn later() {
    tokio::time::advance(100 * HOUR).await;
}

async fn resolve(store: &MemoryStore, covers: std::ops::Range<SystemTime>, rows: Vec<Row>) -> Resolved {
    let calls = UnknownCalls::of(Operator::of(store), NAME, 24 * HOUR);
    calls.resolve("report 7", covers, stream(rows), said).await.unwrap()
}

async fn is_there(store: &MemoryStore, id: &RecordId) -> bool {
    store.get(id).await.unwrap().is_some()
}

#[tokio::test(start_paused = true)]
async fn each_call_becomes_what_the_rows_say() {
    let store = MemoryStore::default();
    let [done, voided, absent, twice, other] = [
        unknown(&store, NAME, "done").await,
        unknown(&store, NAME, "voided").await,
        unknown(&store, NAME, "absent").await,
        unknown(&store, NAME, "twice").await,
        unknown(&store, "tests.refund", "done").await,
    ];
    let rows = vec![
        row(&twice.downstream_key(), 3),
        row(&done.downstream_key(), 500),
        row("somebody else's", 1),
        ended(&voided.downstream_key(), 7, Status::Voided),
        row(&twice.downstream_key(), 4),
    ];
    later().await;
    let resolved = resolve(&store, all_time(), rows).await;
    assert_eq!((resolved.happened, resolved.never_happened, resolved.unclear, resolved.left), (1, 2, 1, 0));
    assert!(resolved.refused.is_empty());
    assert!(!is_there(&store, &voided).await && !is_there(&store, &absent).await);
    // Unclear and other functions' calls stay as they were.
    let mut unknowns = Operator::of(&store).unknowns();
    let mut left = Vec::new();
    while let Some(unknown) = unknowns.next().await.unwrap() {
        left.push(unknown.id);
    }
    assert_eq!(left, [twice, other]);
    // A second run has nothing to do but what is unclear.
    let again = resolve(&store, all_time(), Vec::new()).await;
    assert_eq!((again.happened, again.never_happened), (0, 1));
    assert!(is_there(&store, &done).await);
}

#[tokio::test(start_paused = true)]
async fn an_absent_row_says_nothing_where_it_need_not_be_there() {
    let store = MemoryStore::default();
    let before = clock::wall() - Duration::from_secs(1);
    let id = unknown(&store, NAME, "k").await;
    let after = clock::wall();
    later().await;
    for covers in [
        before..after + 23 * HOUR,        // the lag is not over
        after + HOUR..after + 100 * HOUR, // it was claimed before the report begins
        SystemTime::UNIX_EPOCH..SystemTime::UNIX_EPOCH,
    ] {
        let resolved = resolve(&store, covers, Vec::new()).await;
        assert_eq!((resolved.left, resolved.never_happened), (1, 0));
        assert!(is_there(&store, &id).await);
    }
    // A row that is there says what it says, whatever the report covers.
    let resolved = resolve(&store, after..after, vec![row(&id.downstream_key(), 9)]).await;
    assert_eq!((resolved.happened, resolved.left), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lag_beyond_all_time_is_never_over() {
    let store = MemoryStore::default();
    let id = unknown(&store, NAME, "k").await;
    later().await;
    let calls = UnknownCalls::of(Operator::of(&store), NAME, Duration::MAX);
    let resolved = calls.resolve("report", all_time(), stream(Vec::<Row>::new()), said).await.unwrap();
    assert_eq!((resolved.left, is_there(&store, &id).await), (1, true));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_may_be_the_one_that_matters() {
    let store = MemoryStore::default();
    let id = unknown(&store, NAME, "k").await;
    let calls = UnknownCalls::of(Operator::of(&store), NAME, HOUR);
    for error in [BadRow::new(2, Some("amount"), Flaw::Amount).into(), RowError::failed("connection lost")] {
        let rows = [Ok(row("x", 1)), Err(error)];
        assert!(calls.resolve("report", all_time(), stream(rows), said).await.is_err());
        assert!(is_there(&store, &id).await);
    }
}

#[tokio::test(start_paused = true)]
async fn more_rows_of_a_call_than_anybody_means_are_unclear() {
    let store = MemoryStore::default();
    let id = unknown(&store, NAME, "k").await;
    let rows = vec![row(&id.downstream_key(), 5); 1000];
    let calls = UnknownCalls::of(Operator::of(&store), NAME, HOUR);
    let decide = |_: &_, _: &[Row]| -> Verdict<i64, ChargeError> { panic!("it is not asked") };
    let resolved = calls.resolve("report", all_time(), stream(rows), decide).await.unwrap();
    assert_eq!((resolved.unclear, is_there(&store, &id).await), (1, true));
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_limit_wait_for_the_next_run() {
    let store = MemoryStore::default();
    for key in 0..5 {
        unknown(&store, NAME, &key.to_string()).await;
    }
    later().await;
    let calls = UnknownCalls::of(Operator::of(&store), NAME, HOUR).max(3);
    for (never_happened, beyond) in [(3, 2), (2, 0), (0, 0)] {
        let resolved = calls.resolve("report", all_time(), stream(Vec::<Row>::new()), said).await.unwrap();
        assert_eq!((resolved.never_happened, resolved.beyond), (never_happened, beyond));
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_cannot_be_written_is_told_and_the_others_go_on() {
    let store = MemoryStore::default();
    let (bad, good) = (unknown(&store, NAME, "bad").await, unknown(&store, NAME, "good").await);
    let rows = [row(&bad.downstream_key(), 1), row(&good.downstream_key(), 2)];
    let calls = UnknownCalls::of(Operator::of(&store), NAME, HOUR);
    let decide = |_: &_, rows: &[Row]| -> Verdict<f64, ChargeError> {
        Verdict::Happened(if rows[0].amount() == eur(1) { f64::NAN } else { 2.0 })
    };
    let resolved = calls.resolve("report", all_time(), stream(rows), decide).await.unwrap();
    assert_eq!(resolved.happened, 1);
    assert!(matches!(&resolved.refused[..], [(id, ResolveError::Unencodable(_))] if *id == bad));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_replayed_as_the_error_it_was() {
    let store = MemoryStore::default();
    let (declined, lost) = (unknown(&store, NAME, "declined").await, unknown(&store, NAME, "lost").await);
    let rows = [ended(&declined.downstream_key(), 1, Status::Failed), ended(&lost.downstream_key(), 2, Status::Failed)];
    let calls = UnknownCalls::of(Operator::of(&store), NAME, HOUR);
    let decide = |_: &_, rows: &[Row]| -> Verdict<i64, ChargeError> {
        let declined = rows[0].amount() == eur(1);
        Verdict::Failed(if declined { ChargeError::Declined("51".into()) } else { ChargeError::NotTerminal })
    };
    let resolved = calls.resolve("report", all_time(), stream(rows), decide).await.unwrap();
    assert_eq!(resolved.failed, 1);
    let record = store.get(&declined).await.unwrap().unwrap();
    assert!(matches!(record.state, RecordState::Ended(Outcome::Known { stored: Stored::Terminal(_), .. })));
    // Only what is terminal can be kept as the call's end.
    assert!(matches!(&resolved.refused[..], [(id, ResolveError::NotTerminal)] if *id == lost));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_told() {
    let error = UnknownCallsError::Store(StoreError::new(std::io::Error::other("connection lost")));
    assert_eq!(error.to_string(), "the store of the records failed: connection lost");
}

#[tokio::test(start_paused = true)]
async fn a_report_says_nothing_of_the_time_to_come() {
    let store = MemoryStore::default();
    let id = unknown(&store, NAME, "k").await;
    tokio::time::advance(23 * HOUR).await;
    let today = clock::wall() - 48 * HOUR..clock::wall() + 48 * HOUR;
    let early = resolve(&store, today.clone(), Vec::new()).await;
    assert_eq!((early.left, early.never_happened, is_there(&store, &id).await), (1, 0, true));
    tokio::time::advance(2 * HOUR).await;
    assert_eq!(resolve(&store, today, Vec::new()).await.never_happened, 1);
}

/// Rows that are being read while this is done.
struct Meanwhile<F>(Option<F>);

impl<F: Future<Output = ()> + Unpin> futures_core::Stream for Meanwhile<F> {
    type Item = Row;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Row>> {
        let Some(done) = &mut self.0 else { return Poll::Ready(None) };
        ready!(Pin::new(done).poll(context));
        self.0 = None;
        Poll::Ready(None)
    }
}

/// The report is older than its second run.
#[tokio::test(start_paused = true)]
async fn a_call_that_runs_anew_while_the_report_is_read_is_another_one() {
    let store = MemoryStore::default();
    let id = unknown(&store, NAME, "k").await;
    later().await;
    let rows = Meanwhile(Some(Box::pin(async {
        Operator::of(&store).never_happened(&id, "a person has asked").await.unwrap();
        unknown(&store, NAME, "k").await;
    })));
    let calls = UnknownCalls::of(Operator::of(&store), NAME, 24 * HOUR);
    let resolved = calls.resolve("report 7", all_time(), rows, said).await.unwrap();
    assert!(matches!(&resolved.refused[..], [(refused, ResolveError::Lost)] if *refused == id));
    assert_eq!((resolved.never_happened, is_there(&store, &id).await), (0, true));
}

async fn asked(_: &Claim, _: &MemoryStore, _: &&'static str) -> Result<Recovered<i64>, Unanswered> {
    Ok(Recovered::NeverHappened)
}

#[derive(Debug, steadfast::Failure)]
enum Unanswered {
    #[failure(unknown)]
    NoAnswer,
    #[failure(transparent)]
    Ours(steadfast::Rejection),
}

impl From<steadfast::Rejection> for Unanswered {
    fn from(rejection: steadfast::Rejection) -> Self {
        Self::Ours(rejection)
    }
}

#[steadfast::idempotent(name = "tests.charge.recovered", key = key, payload = none, store = store, on_unknown = recover = asked)]
async fn charge(store: MemoryStore, key: &'static str) -> Result<i64, Unanswered> {
    Err(Unanswered::NoAnswer)
}

/// It never happened, it was run, and again nobody knows: the first time's report does not have it yet.
#[tokio::test(start_paused = true)]
async fn what_ran_anew_after_its_doubt_is_as_young_as_that_run() {
    const RECOVERED: &str = "tests.charge.recovered";
    let store = MemoryStore::default();
    let id = RecordId::new(RECOVERED, None, "k").unwrap();
    for _ in 0..2 {
        later().await;
        assert!(matches!(charge(store.clone(), "k").await, Err(Unanswered::NoAnswer)));
        let calls = UnknownCalls::of(Operator::of(&store), RECOVERED, 24 * HOUR);
        let resolved = calls.resolve("report", all_time(), stream(Vec::<Row>::new()), said).await.unwrap();
        assert_eq!((resolved.left, resolved.never_happened, is_there(&store, &id).await), (1, 0, true));
    }
}
