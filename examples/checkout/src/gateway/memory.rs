//! Books that end with the process.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::books::{Entry, Known, charge_id};
use crate::charge::{Charge, ChargeRequest};

#[derive(Debug, Default)]
pub(super) struct MemoryBooks(Mutex<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    entries: Vec<Entry>,
    by_key: HashMap<String, Entry>,
    stuck: HashSet<String>,
}

impl MemoryBooks {
    pub(super) fn charge(&self, request: &ChargeRequest, key: Option<&str>) -> Entry {
        let mut ledger = self.lock();
        if let Some(entry) = key.and_then(|key| ledger.by_key.get(key)) {
            return entry.clone();
        }
        let charge = Charge { id: charge_id(ledger.entries.len() + 1), money: request.money() };
        let entry = Entry { order: request.order.clone(), charge, run: 1 };
        ledger.entries.push(entry.clone());
        if let Some(key) = key {
            ledger.by_key.insert(key.to_owned(), entry.clone());
        }
        entry
    }

    pub(super) fn get_stuck(&self, key: &str) {
        self.lock().stuck.insert(key.to_owned());
    }

    pub(super) fn look_up(&self, key: &str) -> Known {
        let ledger = self.lock();
        match ledger.by_key.get(key) {
            Some(entry) => Known::Charged(entry.clone()),
            None if ledger.stuck.contains(key) => Known::Stuck,
            None => Known::Nothing,
        }
    }

    pub(super) fn ledger(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
