//! Whole calls, as an attribute makes them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::subject::{HOUR, Subject, value};
use crate::conformance::{Finding, at_once, ensure, failed};
use crate::idempotent::{Claim, Held, Idempotency, InFlight, RecordId, Store};
use crate::{Failure, Kind, RecordError, Rejection, ReplayFailure};

const NAME: &str = "conformance.calls";
static REFUSES: Idempotency = Idempotency::new(NAME);
static WAITS: Idempotency = Idempotency::new(NAME).in_flight(InFlight::Wait(Duration::from_secs(50)));

/// A user's error.
#[derive(Clone, Debug, PartialEq)]
enum Ended {
    Declined(u32),
    Refused(&'static str),
}

impl From<Rejection> for Ended {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection.code())
    }
}

impl Failure for Ended {
    fn kind(&self) -> Kind {
        match self {
            Self::Declined(_) => Kind::Terminal,
            Self::Refused(_) => Kind::Transient,
        }
    }
}

impl ReplayFailure for Ended {
    fn to_record(&self) -> Option<Result<Vec<u8>, RecordError>> {
        match self {
            Self::Declined(code) => Some(Ok(code.to_be_bytes().to_vec())),
            Self::Refused(_) => None,
        }
    }

    fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        let bytes = record.try_into().map_err(|_| RecordError::new("not a code"))?;
        Ok(Self::Declined(u32::from_be_bytes(bytes)))
    }
}

fn call<S: Store, F>(
    policy: &'static Idempotency,
    store: &S,
    key: &str,
    payload: u32,
    work: impl FnOnce(Claim) -> F + Send + 'static,
) -> impl Future<Output = Result<u32, Ended>> + Send + 'static
where
    F: Future<Output = Result<u32, Ended>> + Send + 'static,
{
    policy.call(store, key, &payload, work)
}

/// A hundred calls with one key run the work once, and all have its result.
pub(super) async fn one_run<S: Store>(s: &Subject<S>) -> Finding {
    let (key, runs) = (s.key("one-run"), Arc::new(AtomicU32::new(0)));
    let calls = (0..100).map(|number| {
        let runs = runs.clone();
        call(&WAITS, s.store(number), &key, 1, move |_| async move {
            tokio::task::yield_now().await;
            Ok(17 + runs.fetch_add(1, Ordering::Relaxed))
        })
    });
    for ended in at_once(calls).await? {
        ensure!(ended == Ok(17), "a call ended with {ended:?}");
    }
    let runs = runs.load(Ordering::Relaxed);
    ensure!(runs == 1, "the work ran {runs} times");
    Ok(())
}

/// Another payload under the same key is told so, in flight and after.
pub(super) async fn conflict<S: Store>(s: &Subject<S>) -> Finding {
    let key = s.key("conflict");
    let (begun, goes_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let running = {
        let (begun, goes_on) = (begun.clone(), goes_on.clone());
        tokio::spawn(call(&REFUSES, s.store(0), &key, 1, move |_| async move {
            begun.add_permits(1);
            let _permit = goes_on.acquire().await;
            Ok(17)
        }))
    };
    let _begun = begun.acquire().await.map_err(failed("the wait for a call"))?;
    let (other, same) = (again(s, &key, 2).await, again(s, &key, 1).await);
    goes_on.add_permits(1);
    let ended = running.await.map_err(failed("a call"))?;
    ensure!(other == Err(Ended::Refused("payload_conflict")), "in flight, another payload is {other:?}");
    ensure!(same == Err(Ended::Refused("in_flight")), "in flight, the same payload is {same:?}");
    ensure!(ended == Ok(17), "the call ended with {ended:?}");

    let (other, same) = (again(s, &key, 2).await, again(s, &key, 1).await);
    ensure!(other == Err(Ended::Refused("payload_conflict")), "afterwards, another payload is {other:?}");
    ensure!(same == Ok(17), "afterwards, the same payload is {same:?}");
    Ok(())
}

/// Another call with the key, whose work would say so if it ran.
async fn again<S: Store>(s: &Subject<S>, key: &str, payload: u32) -> Result<u32, Ended> {
    call(&REFUSES, s.store(1), key, payload, |_| async { Err(Ended::Declined(0)) }).await
}

/// A record that does not decode is an error, and never a second run.
pub(super) async fn undecodable<S: Store>(s: &Subject<S>) -> Finding {
    let key = s.key("undecodable");
    let id = RecordId::new(NAME, None, &key).map_err(failed("an id"))?;
    let claim = s.claimed(&id).await?;
    ensure!(s.complete(&claim, value(b"{no json", s.start + HOUR)).await? == Held::Yes, "it could not be stored");
    let answer = again(s, &key, 1).await;
    ensure!(answer == Err(Ended::Refused("record_undecodable")), "it is answered with {answer:?}");
    Ok(())
}

/// A terminal failure comes back as the same one.
pub(super) async fn terminal<S: Store>(s: &Subject<S>) -> Finding {
    let key = s.key("terminal");
    let first = call(&REFUSES, s.store(0), &key, 1, |_| async { Err(Ended::Declined(51)) }).await;
    let second = again(s, &key, 1).await;
    ensure!(first == Err(Ended::Declined(51)), "it ended with {first:?}");
    ensure!(second == first, "it is replayed as {second:?}");
    Ok(())
}
