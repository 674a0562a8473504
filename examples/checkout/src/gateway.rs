//! A simulated gateway: it takes time, it fails, and it keeps books of its own, which outlive us.

mod books;
mod faults;
mod file;
mod memory;
mod said;

use std::future::pending;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::books::Books;
use self::faults::{Fate, Seed};
use crate::charge::{Charge, ChargeRequest, PaymentError};
use crate::cli::Faults;

pub use self::books::LedgerError;
pub(crate) use self::books::{Entry, Status};
pub(crate) use self::said::{Inquiries, Said};

/// While the run is this old, the gateway cannot be reached at all. Before, it loses answers.
pub(crate) const OUTAGE: Range<Duration> = Duration::from_millis(2700)..Duration::from_millis(3700);
/// The way to the gateway and back, for a question.
const ROUND_TRIP: Duration = Duration::from_millis(30);

/// The other side. Clones are the same gateway.
#[derive(Clone, Debug)]
pub(crate) struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seed: Seed,
    die_after: Option<NonZeroU32>,
    opened: Instant,
    books: Books,
    said: Mutex<Said>,
}

impl Gateway {
    /// A gateway that forgets everything when the process ends.
    pub(crate) fn in_memory(faults: Faults) -> Self {
        Self::with(Books::in_memory(), faults)
    }

    /// A gateway with its books in this file, which is made when it is missing.
    pub(crate) async fn open(ledger: &Path, faults: Faults) -> Result<Self, LedgerError> {
        Ok(Self::with(Books::open(ledger).await?, faults))
    }

    fn with(books: Books, faults: Faults) -> Self {
        let seed = Seed::of(faults.seed);
        let said = Mutex::default();
        Self(Arc::new(Inner { seed, die_after: faults.die_after, opened: Instant::now(), books, said }))
    }

    /// Our account with it. A new ledger is another gateway, and knows nothing of our keys.
    pub(crate) fn account(&self) -> &str {
        self.0.books.account()
    }

    /// The number of this run on the ledger; the first is 1.
    pub(crate) fn run(&self) -> u32 {
        self.0.books.run()
    }

    /// Takes the money once for each key.
    pub(crate) async fn authorize(&self, request: &ChargeRequest, key: &str) -> Result<Charge, PaymentError> {
        self.answer(request, Some(key)).await
    }

    /// Takes the money, every time.
    pub(crate) async fn authorize_without_key(&self, request: &ChargeRequest) -> Result<Charge, PaymentError> {
        self.answer(request, None).await
    }

    /// What became of the charge with this key.
    pub(crate) async fn look_up(&self, key: &str) -> Result<Status, PaymentError> {
        sleep(ROUND_TRIP).await;
        if self.is_down() {
            self.said().unreachable();
            return Err(PaymentError::Unreachable);
        }
        let status = self.0.books.look_up(key).await.map_err(broken)?;
        self.said().status(&status, self.run());
        Ok(status.into_status())
    }

    /// Everything that was charged, in the order of time, by earlier runs as well.
    pub(crate) async fn ledger(&self) -> Result<Vec<Entry>, LedgerError> {
        self.0.books.ledger().await
    }

    /// What it has told us in this run.
    pub(crate) fn has_said(&self) -> Said {
        self.said().clone()
    }

    async fn answer(&self, request: &ChargeRequest, key: Option<&str>) -> Result<Charge, PaymentError> {
        let attempt = self.said().next_attempt(&request.order);
        let losing = self.0.opened.elapsed() < OUTAGE.start;
        let plan = self.0.seed.plan(request, attempt, losing);
        sleep(plan.travel).await;
        if self.is_down() {
            return Err(PaymentError::Unreachable);
        }
        match plan.fate {
            Fate::Unreachable => Err(PaymentError::Unreachable),
            Fate::Stuck => {
                self.0.books.get_stuck(request, key).await.map_err(broken)?;
                pending().await
            }
            Fate::Declined => {
                sleep(plan.work).await;
                Err(PaymentError::Declined { id: self.said().decline(self.run()) })
            }
            Fate::AnswerLost => {
                self.charge(request, key).await?;
                pending().await
            }
            Fate::Charged => {
                // Before the answer is on its way: who hangs up meanwhile has paid.
                let charge = self.charge(request, key).await?;
                sleep(plan.work).await;
                Ok(charge)
            }
        }
    }

    async fn charge(&self, request: &ChargeRequest, key: Option<&str>) -> Result<Charge, PaymentError> {
        let entry = self.0.books.charge(request, key).await.map_err(broken)?;
        let charges = self.said().charged(&entry, self.run());
        // Only a charge of this run can be the last one.
        if entry.run == self.run() && self.0.die_after.is_some_and(|most| charges >= most.get()) {
            die(charges);
        }
        Ok(entry.charge)
    }

    fn is_down(&self) -> bool {
        OUTAGE.contains(&self.0.opened.elapsed())
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its books failed while it worked, and who asked cannot know what is in them.
fn broken(error: LedgerError) -> PaymentError {
    PaymentError::Broken(error.to_string())
}

/// As SIGKILL would: nothing is finished, released or told.
#[allow(clippy::print_stderr, reason = "the last words of a command")]
fn die(charges: u32) -> ! {
    eprintln!("\ncheckout: the gateway has taken charge {charges} of this run; aborted here, as `--die-after` asks");
    std::process::abort()
}
