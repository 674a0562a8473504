//! Calls of unknown outcome, resolved by a report of the gateway while their records are in a database.

use std::time::{Duration, SystemTime};

use steadfast::idempotent::{Operator, RecordId, Store, UnknownOutcome};
use steadfast::{Failure, Rejection, idempotent};
use steadfast_payments::reconciliation::{Amounts, CsvRows, Layout, Row, Status, Times, UnknownCalls, Verdict, stream};
use steadfast_sql::SqlStore;

use crate::support::Home;

const HOUR: Duration = Duration::from_secs(3600);
const NAME: &str = "tests.sql.reconciled_charge";

#[derive(Debug, Failure)]
enum ChargeError {
    #[failure(unknown)]
    NoAnswer,
    #[failure(terminal)]
    Declined,
    #[failure(transparent)]
    Ours(Rejection),
}

impl From<Rejection> for ChargeError {
    fn from(rejection: Rejection) -> Self {
        Self::Ours(rejection)
    }
}

/// The gateway's answer is lost; where there is none to lose, it answers.
#[idempotent(name = "tests.sql.reconciled_charge", key = key, payload = none, store = records)]
async fn charge(records: SqlStore, key: &'static str, answers: bool) -> Result<i64, ChargeError> {
    if answers { Ok(1) } else { Err(ChargeError::NoAnswer) }
}

fn as_reported(_: &UnknownOutcome, rows: &[Row]) -> Verdict<i64, ChargeError> {
    match rows {
        [row] if row.status() == Status::Captured => Verdict::Happened(row.amount().minor()),
        [row] if row.status() == Status::Failed => Verdict::Failed(ChargeError::Declined),
        _ => Verdict::Unclear,
    }
}

/// The gateway's report: what it knows of these keys.
fn report(rows: &[(&str, &str)]) -> String {
    let mut file = "idempotency_key,amount,currency,status,time\n".to_owned();
    for (key, status) in rows {
        let sent = RecordId::new(NAME, None, key).unwrap().downstream_key();
        file += &format!("{sent},12.50,EUR,{status},1777800000\n");
    }
    file
}

#[tokio::test]
async fn a_report_resolves_what_nobody_knew() {
    for home in Home::all("calls resolved by a report").await {
        let records = home.store.clone();
        let before = SystemTime::now() - Duration::from_secs(1);
        for key in ["done", "declined", "absent", "unclear"] {
            assert!(matches!(charge(records.clone(), key, false).await, Err(ChargeError::NoAnswer)));
        }
        let file = report(&[("unclear", "pending"), ("declined", "failed"), ("done", "captured")]);
        let layout = Layout::new(Amounts::Decimals, Times::UnixSeconds).reference("idempotency_key");
        let rows = || stream(CsvRows::open(file.as_bytes(), &layout).unwrap());

        // Another process resolves, by connections of its own.
        let operators = home.another().await;
        let calls = UnknownCalls::of(Operator::of(&operators).page(2), NAME, 24 * HOUR);
        let early = calls.resolve("report of 3 May", before..before + 23 * HOUR, rows(), as_reported).await.unwrap();
        assert_eq!((early.happened, early.failed, early.never_happened, early.unclear, early.left), (1, 1, 0, 1, 1));
        // As if the lag were over.
        let calls = UnknownCalls::of(Operator::of(&operators).page(2), NAME, Duration::ZERO);
        let until_now = before..SystemTime::now();
        let later = calls.resolve("report of 5 May", until_now, rows(), as_reported).await.unwrap();
        assert_eq!((later.happened, later.failed, later.never_happened, later.unclear, later.left), (0, 0, 1, 1, 0));
        assert!(early.refused.is_empty() && later.refused.is_empty());

        assert_eq!(charge(records.clone(), "done", true).await.unwrap(), 1250);
        assert!(matches!(charge(records.clone(), "declined", true).await, Err(ChargeError::Declined)));
        assert_eq!(charge(records.clone(), "absent", true).await.unwrap(), 1); // it ran
        assert!(matches!(charge(records.clone(), "unclear", true).await, Err(ChargeError::Ours(_))));
        let id = RecordId::new(NAME, None, "unclear").unwrap();
        assert!(records.get(&id).await.unwrap().unwrap().is_unknown(SystemTime::now()));
    }
}
