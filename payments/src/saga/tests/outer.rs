//! A saga inside an idempotent call, whose record learns after a crash what became of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use steadfast::idempotent::{Claim, MemoryStore, Recovered};
use steadfast::{Failure, Kind, Rejection, idempotent};
use tokio::runtime::Builder;
use tokio::time::advance;

use super::support::{Answer, App, Done, Downstream, Fault, Killer, Mortal, checkout};
use crate::saga::{MemorySagaLog, SagaError};

#[derive(Clone)]
struct Service {
    app: App,
    log: Mortal,
    records: MemoryStore,
    asked: Arc<AtomicU32>,
}

#[derive(Debug, Failure)]
enum CheckoutError {
    #[failure(transparent)]
    Refused(Rejection),
    #[failure(terminal)]
    Undone { step: String },
    #[failure(unknown)]
    Unfinished,
}

impl From<Rejection> for CheckoutError {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

impl From<SagaError<Fault>> for CheckoutError {
    fn from(error: SagaError<Fault>) -> Self {
        match error {
            SagaError::Undone { step, .. } => Self::Undone { step },
            _ => Self::Unfinished,
        }
    }
}

#[idempotent(name = "saga.outer", key = key, payload = none, store = service.records, on_unknown = recover = ask)]
async fn buy(service: Service, key: String) -> Result<Done, CheckoutError> {
    Ok(checkout().run(&service.app, &service.log, &key, Done::new()).await?)
}

async fn ask(_: &Claim, service: &Service, key: &str) -> Result<Recovered<Done>, CheckoutError> {
    service.asked.fetch_add(1, Ordering::SeqCst);
    Ok(checkout().recovered(&service.app, &service.log, key).await?)
}

/// A process that lives for one call, so many hours after the first.
fn process(hours: u64, service: &Service) -> Option<Result<Done, CheckoutError>> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let killer = service.app.killer.clone();
    runtime.block_on(async {
        advance(Duration::from_secs(3600 * hours)).await;
        tokio::select! {
            () = killer.dead.notified() => None,
            outcome = buy(service.clone(), "order-17".into()) => Some(outcome),
        }
    })
}

/// The moments of a call are those of its saga: a claim, and three for each step.
#[test]
fn killed_at_any_moment_the_record_has_the_sagas_outcome() {
    for (declined, moments) in [(false, 13), (true, 16)] {
        for moment in 1..=moments {
            for done in [false, true] {
                killed(declined, moment, done);
            }
        }
    }
}

fn killed(declined: bool, moment: u32, done: bool) {
    let downstream = Arc::new(Downstream::default());
    if declined {
        downstream.answers("charge", &[Answer::Not(Kind::Terminal)]);
    }
    let (log, records, asked) = (MemorySagaLog::default(), MemoryStore::default(), Arc::new(AtomicU32::new(0)));
    let service = |killer: Killer| {
        let killer = Arc::new(killer);
        let app = App { killer: killer.clone(), ..App::new(&downstream) };
        Service { app, log: Mortal { log: log.clone(), killer }, records: records.clone(), asked: asked.clone() }
    };
    assert!(process(1, &service(Killer::at(moment, done))).is_none(), "it was to die at {moment}");

    let lives = service(Killer::default());
    for hours in [3, 4] {
        let outcome = process(hours, &lives).unwrap();
        match outcome {
            Ok(state) if !declined => assert_eq!(state, ["reserve", "discount", "charge", "ship"]),
            Err(CheckoutError::Undone { step }) if declined => assert_eq!(step, "charge"),
            other => panic!("killed at {moment}, done: {done}: {other:?}"),
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "the second answer is the record's");
    assert!(downstream.effects().values().all(|effects| *effects == 1), "{:?}", downstream.effects());
    assert_eq!(downstream.effects().len(), 4);
}

/// A saga that is stuck leaves the outer outcome unknown, until an operator has looked.
#[test]
fn what_is_stuck_stays_unknown() {
    let downstream = Arc::new(Downstream::default());
    downstream.answers("ship", &[Answer::Not(Kind::Terminal)]);
    let (log, records) = (MemorySagaLog::default(), MemoryStore::default());
    let app = App::new(&downstream);
    let log = Mortal { log, killer: Arc::default() };
    let service = Service { app, log, records, asked: Arc::default() };
    assert!(matches!(process(1, &service), Some(Err(CheckoutError::Unfinished))));
    let again = process(2, &service);
    assert!(
        matches!(&again, Some(Err(CheckoutError::Refused(refused))) if refused.code() == "outcome_unknown"),
        "{again:?}"
    );

    downstream.mend("ship");
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let resolution = crate::saga::Resolution::Again;
    runtime.block_on(checkout().resolve(&service.log, "order-17", resolution, "the carrier is back")).unwrap();
    assert_eq!(process(3, &service).unwrap().unwrap().len(), 4);
}
