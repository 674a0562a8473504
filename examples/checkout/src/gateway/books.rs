//! The gateway's books. The toolkit's fake gateway keeps them: what is held, taken and given back, and
//! what each key was answered. A file remembers what it was asked, so that the next process asks the same.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use steadfast_payments::gateway::fake::{FakeGateway, Totals};
use steadfast_payments::gateway::{Authorization, Authorize, Capture, ChargeId, Effect, LookUp, Refund, Void};
use steadfast_payments::{Currency, PaymentError, PaymentGateway};

use super::file::{File, Kept};

/// One line of the ledger: a charge for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) order: String,
    pub(crate) charge: Authorization,
    /// The run that made it.
    pub(crate) run: u32,
}

/// What the gateway is asked to do, as the file keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    Authorize(Authorize),
    Capture(Capture),
    Void(Void),
    Refund(Refund),
}

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Its folder cannot be made.
    #[error("cannot make the folder of the gateway's ledger: {0}")]
    Folder(#[from] std::io::Error),
    /// Its file cannot be read or written.
    #[error("the gateway's ledger fails: {0}")]
    File(#[from] sqlx::Error),
    /// It holds what this version does not write.
    #[error("the gateway's ledger does not read: {0}")]
    Unreadable(&'static str),
}

#[derive(Debug, Default)]
pub(super) struct Books {
    ledger: FakeGateway,
    /// The run that made each charge.
    runs: Mutex<HashMap<ChargeId, u32>>,
    stuck: Mutex<HashSet<String>>,
    file: Option<File>,
    /// The last request of the file that the ledger has.
    read: AtomicI64,
}

impl Books {
    /// Books in this file, which is made when it is missing. It begins a run on it.
    pub(super) async fn open(file: &Path) -> Result<Self, LedgerError> {
        let books = Self { file: Some(File::open(file).await?), ..Self::default() };
        books.catch_up().await?;
        Ok(books)
    }

    pub(super) fn account(&self) -> &str {
        self.file.as_ref().map_or("acct_memory", File::account)
    }

    pub(super) fn run(&self) -> u32 {
        self.file.as_ref().map_or(1, File::run)
    }

    /// Does what is asked, once for each key.
    pub(super) async fn carry_out(
        &self,
        request: &Request,
        key: &str,
    ) -> Result<Result<Effect, PaymentError>, LedgerError> {
        if let Some(file) = &self.file {
            self.apply_all(file.keep(key, request, self.read()).await?).await;
        }
        Ok(self.apply(request, key, self.run()).await)
    }

    /// Notes that a request arrived, and is not decided.
    pub(super) async fn get_stuck(&self, key: &str) -> Result<(), LedgerError> {
        match &self.file {
            Some(file) => file.keep_stuck(key).await?,
            None => {
                lock(&self.stuck).insert(key.to_owned());
            }
        }
        Ok(())
    }

    pub(super) async fn look_up(&self, key: &str) -> Result<LookUp, LedgerError> {
        self.catch_up().await?;
        let Ok(known) = self.ledger.look_up(key).await else {
            return Err(LedgerError::Unreadable("the ledger has no answer"));
        };
        let stuck = match &self.file {
            Some(file) => file.is_stuck(key).await?,
            None => lock(&self.stuck).contains(key),
        };
        Ok(if stuck && matches!(known, LookUp::Unheard) { LookUp::Pending } else { known })
    }

    pub(super) async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        self.catch_up().await?;
        let charges = self.ledger.charges().into_iter();
        let entries = charges.map(|record| Entry {
            order: record.reference,
            run: self.run_of(&record.charge),
            charge: Authorization { charge: record.charge, amount: record.authorized },
        });
        Ok(entries.collect())
    }

    pub(super) fn totals(&self, currency: Currency) -> Totals {
        self.ledger.totals(currency)
    }

    pub(super) fn run_of(&self, charge: &ChargeId) -> u32 {
        lock(&self.runs).get(charge).copied().unwrap_or_default()
    }

    async fn catch_up(&self) -> Result<(), LedgerError> {
        let Some(file) = &self.file else { return Ok(()) };
        self.apply_all(file.after(self.read()).await?).await;
        Ok(())
    }

    fn read(&self) -> i64 {
        self.read.load(Ordering::Acquire)
    }

    /// Does what the file has and the ledger has not: requests of earlier runs, and of other processes.
    /// Two that do it at once both do it in the order of the file, and what is done has no second effect.
    async fn apply_all(&self, requests: Vec<Kept>) {
        for kept in requests {
            // A request that was refused is refused again.
            let _ = self.apply(&kept.request, &kept.key, kept.run).await;
            self.read.fetch_max(kept.place, Ordering::Release);
        }
    }

    async fn apply(&self, request: &Request, key: &str, run: u32) -> Result<Effect, PaymentError> {
        let ledger = &self.ledger;
        match request {
            Request::Authorize(request) => {
                let held = ledger.authorize(request, key).await?;
                lock(&self.runs).entry(held.charge.clone()).or_insert(run);
                Ok(held.into())
            }
            Request::Capture(request) => ledger.capture(request, key).await.map(Effect::from),
            Request::Void(request) => ledger.void(request, key).await.map(Effect::from),
            Request::Refund(request) => ledger.refund(request, key).await.map(Effect::from),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use steadfast_payments::Money;
    use steadfast_servers::{TempDir, temp_dir};

    use super::*;

    fn authorize(minor: i64) -> Request {
        let (card, amount) = ("tok_visa".parse().unwrap(), Money::new(minor, Currency::EUR));
        Request::Authorize(Authorize { card, amount, reference: "o-1".to_owned() })
    }

    /// Books of both kinds, new.
    async fn all() -> ([Books; 2], TempDir) {
        let folder = temp_dir();
        ([Books::default(), Books::open(&folder.join("ledger.sqlite")).await.unwrap()], folder)
    }

    async fn done(books: &Books, request: &Request, key: &str) -> Effect {
        books.carry_out(request, key).await.unwrap().unwrap()
    }

    fn held(minor: i64) -> Authorization {
        Authorization { charge: "ch_0001".into(), amount: Money::new(minor, Currency::EUR) }
    }

    #[tokio::test]
    async fn a_key_is_charged_once() {
        let (all, _folder) = all().await;
        for books in all {
            for _ in 0..2 {
                assert_eq!(done(&books, &authorize(500), "k").await, held(500).into());
            }
            let entry = Entry { order: "o-1".to_owned(), charge: held(500), run: 1 };
            assert_eq!(books.entries().await.unwrap(), [entry]);
        }
    }

    #[tokio::test]
    async fn a_key_belongs_to_its_request() {
        let (all, _folder) = all().await;
        for books in all {
            done(&books, &authorize(500), "k").await;
            let refused = books.carry_out(&authorize(900), "k").await.unwrap();
            assert!(matches!(refused, Err(PaymentError::InvalidRequest { .. })), "{refused:?}");
            assert_eq!(
                done(&books, &authorize(900), "l").await,
                Effect::Authorized(Authorization { charge: "ch_0002".into(), amount: Money::new(900, Currency::EUR) })
            );
        }
    }

    #[tokio::test]
    async fn they_know_what_they_have_and_what_is_stuck() {
        let (all, _folder) = all().await;
        for books in all {
            done(&books, &authorize(500), "k").await;
            books.get_stuck("l").await.unwrap();
            books.get_stuck("l").await.unwrap();
            let known = books.look_up("k").await.unwrap();
            assert!(matches!(known, LookUp::Done(Effect::Authorized(known)) if known == held(500)));
            assert!(matches!(books.look_up("l").await.unwrap(), LookUp::Pending));
            assert!(matches!(books.look_up("m").await.unwrap(), LookUp::Unheard));
        }
    }

    #[tokio::test]
    async fn they_outlive_the_process_and_count_its_runs() {
        let folder = temp_dir();
        let file = folder.join("new/ledger.sqlite");
        let first = Books::open(&file).await.unwrap();
        done(&first, &authorize(500), "k").await;
        let charge = ChargeId::from("ch_0001");
        done(&first, &Request::Capture(Capture { charge: charge.clone(), amount: held(500).amount }), "c").await;
        first.get_stuck("l").await.unwrap();
        // Not closed: the process may be killed.
        let second = Books::open(&file).await.unwrap();
        assert_eq!((first.run(), second.run(), first.account()), (1, 2, second.account()));
        assert_eq!(done(&second, &authorize(500), "k").await, held(500).into());
        assert!(matches!(second.look_up("l").await.unwrap(), LookUp::Pending));
        assert!(matches!(second.look_up("c").await.unwrap(), LookUp::Done(Effect::Captured(_))));
        // What was taken cannot be let go of, whoever took it.
        let void = second.carry_out(&Request::Void(Void { charge }), "v").await.unwrap();
        assert!(matches!(void, Err(PaymentError::InvalidRequest { .. })), "{void:?}");

        // Both at the same time have the same charges, each with its run.
        done(&second, &authorize(700), "m").await;
        let runs: Vec<u32> = first.entries().await.unwrap().iter().map(|entry| entry.run).collect();
        assert_eq!((runs, first.entries().await.unwrap()), (vec![1, 2], second.entries().await.unwrap()));
    }

    #[tokio::test]
    async fn a_file_of_another_version_is_refused() {
        let folder = temp_dir();
        let file = folder.join("ledger.sqlite");
        drop(Books::open(&file).await.unwrap());
        File::set_version(&file, 1).await;
        let error = Books::open(&file).await.unwrap_err();
        assert!(error.to_string().ends_with("another version of this example wrote it; `--fresh` begins anew"));
    }
}
