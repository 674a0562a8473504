//! A simulated gateway: it takes time, it fails, and it keeps books of its own.

mod books;
mod faults;

use std::future::pending;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::books::Books;
use self::faults::{Fate, Faults};
use crate::charge::{Charge, ChargeRequest, PaymentError};

pub(crate) use self::books::Entry;

/// While the run is this old, the gateway cannot be reached at all. Before, it loses answers.
pub(crate) const OUTAGE: Range<Duration> = Duration::from_millis(2700)..Duration::from_millis(3700);

/// The other side. Clones are the same gateway.
#[derive(Clone, Debug)]
pub(crate) struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    faults: Faults,
    opened: Instant,
    books: Mutex<Books>,
}

impl Gateway {
    /// A gateway whose faults follow from the seed.
    pub(crate) fn new(seed: u64) -> Self {
        let inner = Inner { faults: Faults::of(seed), opened: Instant::now(), books: Mutex::default() };
        Self(Arc::new(inner))
    }

    /// Takes the money once for each key.
    pub(crate) async fn authorize(&self, request: &ChargeRequest, key: &str) -> Result<Charge, PaymentError> {
        self.answer(request, Some(key)).await
    }

    /// Takes the money, every time.
    pub(crate) async fn authorize_without_key(&self, request: &ChargeRequest) -> Result<Charge, PaymentError> {
        self.answer(request, None).await
    }

    /// Everything that was charged, in the order of time.
    pub(crate) fn ledger(&self) -> Vec<Entry> {
        self.books().ledger().to_vec()
    }

    async fn answer(&self, request: &ChargeRequest, key: Option<&str>) -> Result<Charge, PaymentError> {
        let attempt = self.books().next_attempt(&request.order);
        let losing = self.0.opened.elapsed() < OUTAGE.start;
        let plan = self.0.faults.plan(request, attempt, losing);
        sleep(plan.travel).await;
        if OUTAGE.contains(&self.0.opened.elapsed()) {
            return Err(PaymentError::Unreachable);
        }
        match plan.fate {
            Fate::Unreachable => Err(PaymentError::Unreachable),
            Fate::NeverArrives => pending().await,
            Fate::Declined => {
                sleep(plan.work).await;
                Err(PaymentError::Declined { id: self.books().decline() })
            }
            Fate::AnswerLost => {
                self.books().charge(request, key);
                pending().await
            }
            Fate::Charged => {
                // Before the answer is on its way: who hangs up meanwhile has paid.
                let charge = self.books().charge(request, key);
                sleep(plan.work).await;
                Ok(charge)
            }
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
