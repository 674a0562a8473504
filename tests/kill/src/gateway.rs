//! The other side: it fails, it loses requests and answers, and it does not know a repeated charge from a new one.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::charge::PayError;
use crate::lines::Lines;
use crate::order::Order;

/// A handle. All processes of a run speak to the same gateway: its ledger is a file, synced before an answer, which no store
/// knows.
///
/// It charges **every** time it is asked, under one key or not, so the ledger shows each run of the work. All that it offers
/// is the question whether there was a charge under a key.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    ledger: Lines,
    /// Whether it has faults now.
    calm: bool,
}

/// Money that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
}

/// What became of a charge, as somebody sees who reads the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) order: Order,
    pub(crate) charge: Charge,
}

/// What happens to one request.
enum Fate {
    Charged,
    Unreachable,
    RequestLost,
    AnswerLost,
}

impl Gateway {
    pub(crate) fn open(folder: &Path, calm: bool) -> Self {
        Self { ledger: Lines::new(folder.join("ledger"), true), calm }
    }

    /// Takes the money, each time.
    pub(crate) async fn charge(&self, order: Order, downstream_key: &str) -> Result<Charge, PayError> {
        let fate = self.fate();
        self.travel().await;
        if let Fate::Unreachable = fate {
            return Err(PayError::Unreachable);
        }
        if let Fate::RequestLost = fate {
            return Err(PayError::NoAnswer);
        }
        let id = new_id();
        if order.is_declined() {
            return Err(PayError::Declined { id });
        }
        self.ledger.add(&[&order.to_string(), &id, downstream_key]);
        self.travel().await;
        match fate {
            Fate::AnswerLost => Err(PayError::NoAnswer),
            _ => Ok(Charge { id }),
        }
    }

    /// The charge under a key, if there was one.
    pub(crate) async fn look_up(&self, downstream_key: &str) -> Result<Option<Charge>, PayError> {
        self.travel().await;
        if !self.calm && fastrand::u32(..10) == 0 {
            return Err(PayError::Unreachable);
        }
        Ok(self.ledger.find(downstream_key).map(|words| Entry::read(&words).charge))
    }

    /// Notes what was done elsewhere, so that it is counted with the rest.
    pub(crate) fn note(&self, order: Order, id: &str) {
        self.ledger.add(&[&order.to_string(), id, "-"]);
    }

    /// The ledger.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.ledger.read().iter().map(|words| Entry::read(words)).collect()
    }

    fn fate(&self) -> Fate {
        match fastrand::u32(..100) {
            _ if self.calm => Fate::Charged,
            0..10 => Fate::Unreachable,
            10..15 => Fate::RequestLost,
            15..25 => Fate::AnswerLost,
            _ => Fate::Charged,
        }
    }

    /// The way there or back: long enough to be killed on.
    async fn travel(&self) {
        let most = if self.calm { 2 } else { 10 };
        sleep(Duration::from_millis(fastrand::u64(..=most))).await;
    }
}

impl Entry {
    fn read(words: &[String]) -> Self {
        let [order, id, _] = words else { panic!("not of a ledger: {words:?}") };
        let order = Order::of(order).unwrap_or_else(|| panic!("not an order: {order}"));
        Self { order, charge: Charge { id: id.clone() } }
    }
}

/// A number that nobody else has drawn, for what was done.
pub(crate) fn new_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}
