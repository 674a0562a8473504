//! Errors of other libraries inside a user's enum: only what is terminal must be storable.

use std::io;

use steadfast::idempotent::MemoryStore;
use steadfast::{Failure, Kind, Rejection, circuit_breaker, idempotent, retry, timeout};
use steadfast_tests::assert_send;

#[derive(Debug, thiserror::Error, Failure)]
enum PaymentError {
    #[error("the database: {0}")]
    #[failure(transient)]
    Database(#[from] sqlx::Error),
    #[error("the gateway did not answer: {0}")]
    #[failure(unknown)]
    Gateway(#[from] reqwest::Error),
    #[error("the file: {source}")]
    #[failure(transient)]
    File { source: io::Error, path: Box<dyn std::any::Any + Send + Sync> },
    #[error("declined: {code}")]
    #[failure(terminal)]
    Declined { code: u16, retry_with: Option<String> },
    #[error("no such account")]
    #[failure(terminal)]
    NoAccount,
    #[error(transparent)]
    #[failure(transparent)]
    Refused(#[from] Rejection),
}

/// What the function is to do.
#[derive(Clone, Copy)]
enum Told {
    Database,
    Gateway,
    File,
    Decline,
    NoAccount,
    Succeed,
}

async fn work(told: Told) -> Result<u64, PaymentError> {
    match told {
        Told::Database => Err(sqlx::Error::PoolTimedOut)?,
        Told::Gateway => {
            // An error of its own, without a network: the address is none.
            reqwest::Client::new().get("no address").send().await?;
        }
        Told::File => {
            let source = io::ErrorKind::NotFound.into();
            return Err(PaymentError::File { source, path: Box::new("not to be stored") });
        }
        Told::Decline => return Err(PaymentError::Declined { code: 51, retry_with: Some("another".to_owned()) }),
        Told::NoAccount => return Err(PaymentError::NoAccount),
        Told::Succeed => {}
    }
    Ok(7)
}

#[idempotent(name = "foreign.charge", key = key, payload = none, store = records, claim = claim)]
#[retry(max_attempts = 2, delay = "1ms", repeatable = claim)]
#[circuit_breaker(failure_threshold = 1000)]
#[timeout("5s")]
async fn charge(records: MemoryStore, told: Told, key: &'static str) -> Result<u64, PaymentError> {
    let _ = claim;
    work(told).await
}

#[tokio::test(start_paused = true)]
async fn terminal_ones_are_replayed_as_the_same_value() {
    let records = MemoryStore::default();
    for told in [Told::Decline, Told::Succeed, Told::Database] {
        let Err(PaymentError::Declined { code, retry_with }) =
            assert_send(charge(records.clone(), told, "declined")).await
        else {
            panic!()
        };
        assert_eq!((code, retry_with.as_deref()), (51, Some("another")));
    }
    for told in [Told::NoAccount, Told::Succeed] {
        assert!(matches!(charge(records.clone(), told, "none").await, Err(PaymentError::NoAccount)));
    }
}

#[tokio::test(start_paused = true)]
async fn transient_ones_free_the_key_and_unknown_ones_keep_it() {
    let records = MemoryStore::default();
    assert!(matches!(charge(records.clone(), Told::Database, "k").await, Err(PaymentError::Database(_))));
    assert!(matches!(charge(records.clone(), Told::File, "k").await, Err(PaymentError::File { .. })));
    assert_eq!(charge(records.clone(), Told::Succeed, "k").await.unwrap(), 7);

    assert!(matches!(charge(records.clone(), Told::Gateway, "g").await, Err(PaymentError::Gateway(_))));
    let Err(PaymentError::Refused(refusal)) = charge(records, Told::Succeed, "g").await else { panic!() };
    assert_eq!(refusal.code(), "outcome_unknown");
}

#[test]
fn each_has_its_kind() {
    assert_eq!(PaymentError::from(sqlx::Error::RowNotFound).kind(), Kind::Transient);
    assert_eq!(PaymentError::NoAccount.kind(), Kind::Terminal);
}
