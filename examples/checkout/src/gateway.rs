//! A simulated gateway: it takes time, it fails, and it keeps books of its own, which outlive us.

mod books;
mod faults;
mod file;
mod said;

use std::future::pending;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast_payments::gateway::fake::Totals;
use steadfast_payments::gateway::{
    Authorization, Authorize, Capture, Captured, Effect, LookUp, Refund, Refunded, Void, Voided,
};
use steadfast_payments::{Currency, PaymentError, PaymentGateway};
use tokio::time::{Instant, sleep};

use self::books::{Books, Request};
use self::faults::{Fate, Seed};
use crate::cli::Faults;

pub(crate) use self::books::Entry;
pub use self::books::LedgerError;
pub(crate) use self::said::{Inquiries, Said};

/// While the run is this old, the gateway cannot be reached at all. Before, it loses answers.
pub(crate) const OUTAGE: Range<Duration> = Duration::from_millis(2700)..Duration::from_millis(3700);
/// The way to the gateway and back, for anything but a charge.
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
        Self::with(Books::default(), faults)
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

    /// Our account with it.
    pub(crate) fn account(&self) -> &str {
        self.0.books.account()
    }

    /// The number of this run on the ledger; the first is 1.
    pub(crate) fn run(&self) -> u32 {
        self.0.books.run()
    }

    /// Every charge, in the order of time, those of earlier runs as well.
    pub(crate) async fn ledger(&self) -> Result<Vec<Entry>, LedgerError> {
        self.0.books.entries().await
    }

    /// The sums over all charges in a currency.
    pub(crate) fn totals(&self, currency: Currency) -> Totals {
        self.0.books.totals(currency)
    }

    /// What it has told us in this run.
    pub(crate) fn has_said(&self) -> Said {
        self.said().clone()
    }

    async fn charge(&self, request: &Authorize, key: &str) -> Result<Authorization, PaymentError> {
        let held = self.carry_out(Request::Authorize(request.clone()), key).await?;
        self.told(&held);
        Ok(held)
    }

    /// A charge is told, and may have been the last.
    fn told(&self, held: &Authorization) {
        let run = self.0.books.run_of(&held.charge);
        let charges = self.said().charged(&held.charge, run == self.run());
        // Only a charge of this run can be the last one.
        if run == self.run() && self.0.die_after.is_some_and(|most| charges >= most.get()) {
            die(charges);
        }
    }

    /// A call that no fault is planned for.
    async fn call<T: TryFrom<Effect>>(&self, request: Request, key: &str) -> Result<T, PaymentError> {
        sleep(ROUND_TRIP).await;
        if self.is_down() {
            return Err(unreachable());
        }
        self.carry_out(request, key).await
    }

    async fn carry_out<T: TryFrom<Effect>>(&self, request: Request, key: &str) -> Result<T, PaymentError> {
        let effect = self.0.books.carry_out(&request, key).await.map_err(broken)??;
        T::try_from(effect).map_err(|_| PaymentError::InvalidRequest {
            field: "key".into(),
            reason: "belongs to a call of another kind".into(),
        })
    }

    fn is_down(&self) -> bool {
        OUTAGE.contains(&self.0.opened.elapsed())
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaymentGateway for Gateway {
    async fn authorize(&self, request: &Authorize, key: &str) -> Result<Authorization, PaymentError> {
        let attempt = self.said().next_attempt(&request.reference);
        let losing = self.0.opened.elapsed() < OUTAGE.start;
        let plan = self.0.seed.plan(request, attempt, losing);
        sleep(plan.travel).await;
        if self.is_down() {
            return Err(unreachable());
        }
        match plan.fate {
            Fate::Unreachable => Err(unreachable()),
            Fate::Stuck => {
                self.0.books.get_stuck(key).await.map_err(broken)?;
                pending().await
            }
            Fate::Declined => {
                sleep(plan.work).await;
                let answer = self.said().decline(self.run());
                Err(PaymentError::Declined { code: "do_not_honor".into(), reason: answer.into() })
            }
            Fate::AnswerLost => {
                self.charge(request, key).await?;
                pending().await
            }
            Fate::Charged => {
                // Before the answer is on its way: who hangs up meanwhile has paid.
                let held = self.charge(request, key).await?;
                sleep(plan.work).await;
                Ok(held)
            }
        }
    }

    async fn capture(&self, request: &Capture, key: &str) -> Result<Captured, PaymentError> {
        self.call(Request::Capture(request.clone()), key).await
    }

    async fn void(&self, request: &Void, key: &str) -> Result<Voided, PaymentError> {
        self.call(Request::Void(request.clone()), key).await
    }

    async fn refund(&self, request: &Refund, key: &str) -> Result<Refunded, PaymentError> {
        self.call(Request::Refund(request.clone()), key).await
    }

    async fn look_up(&self, key: &str) -> Result<LookUp, PaymentError> {
        sleep(ROUND_TRIP).await;
        if self.is_down() {
            self.said().unreachable();
            return Err(unreachable());
        }
        let known = self.0.books.look_up(key).await.map_err(broken)?;
        self.said().answered(&known);
        if let LookUp::Done(Effect::Authorized(held)) = &known {
            self.said().charged(&held.charge, self.0.books.run_of(&held.charge) == self.run());
        }
        Ok(known)
    }
}

fn unreachable() -> PaymentError {
    PaymentError::Network { detail: "connection refused".into() }
}

/// Its books failed while it worked, and who asked cannot know what is in them.
fn broken(error: LedgerError) -> PaymentError {
    PaymentError::GatewayTimeout { detail: error.to_string().into() }
}

/// As SIGKILL would: nothing is finished, released or told.
#[allow(clippy::print_stderr, reason = "the last words of a command")]
fn die(charges: u32) -> ! {
    eprintln!("\ncheckout: the gateway has taken charge {charges} of this run; aborted here, as `--die-after` asks");
    std::process::abort()
}
