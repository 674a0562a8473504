//! A call whose first attempt may have happened, and whose last surely did not, keeps its record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use steadfast::idempotent::{MemoryStore, Store};
use steadfast::{Failure, Rejection, clock, idempotent, retry, timeout};

#[derive(Debug, thiserror::Error, Failure)]
enum Error {
    #[error("down")]
    #[failure(transient)]
    Down,
    #[error(transparent)]
    #[failure(transparent)]
    Refused(#[from] Rejection),
}

/// The first request arrives and its answer is lost; the next ones are not let in.
#[idempotent(name = "doubt.charge", key = key, payload = amount, store = store, claim = claim)]
#[retry(max_attempts = 3, delay = "1ms", repeatable = claim)]
#[timeout("50ms")]
async fn charge(store: MemoryStore, charged: Arc<AtomicU32>, amount: u32, key: &'static str) -> Result<(), Error> {
    assert!(!claim.downstream_key().is_empty());
    if charged.fetch_add(amount, Ordering::SeqCst) == 0 {
        std::future::pending::<()>().await;
    }
    charged.fetch_sub(amount, Ordering::SeqCst);
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn the_record_stays_unknown_and_another_amount_is_a_conflict() {
    let (store, charged) = (MemoryStore::default(), Arc::new(AtomicU32::new(0)));
    let call = |amount| charge(store.clone(), charged.clone(), amount, "order-1");

    let Err(Error::Refused(first)) = call(5).await else { panic!("not told that it may have happened") };
    assert_eq!(first.code(), "timed_out");
    assert_eq!(store.unknowns(clock::wall(), None, 10).await.unwrap().len(), 1);

    let Err(Error::Refused(changed)) = call(7).await else { panic!("ran again") };
    assert_eq!(changed.code(), "payload_conflict");
    let Err(Error::Refused(again)) = call(5).await else { panic!("ran again") };
    assert_eq!(again.code(), "outcome_unknown");
    assert_eq!(charged.load(Ordering::SeqCst), 5);
}
