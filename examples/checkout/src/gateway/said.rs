//! What the gateway has told its callers in this run. It is for the report, and goes with the process.

use std::collections::{HashMap, HashSet};

use super::books::{Entry, Known};

/// What was told in this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    attempts: HashMap<String, u32>,
    /// The charges that were taken in this run, with those whose answer was lost.
    charges: HashSet<String>,
    declines: HashSet<String>,
    /// Charges of earlier runs, told again.
    earlier: HashSet<String>,
    inquiries: Inquiries,
}

/// What came of the questions about unknown outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inquiries {
    /// The gateway had the charge.
    pub(crate) found: usize,
    /// It had nothing.
    pub(crate) never_happened: usize,
    /// It had the request, and could not tell yet.
    pub(crate) pending: usize,
    /// It was down.
    pub(crate) unreachable: usize,
}

impl Said {
    /// Which attempt for the order this is; 1 is the first of this run.
    pub(super) fn next_attempt(&mut self, order: &str) -> u32 {
        let attempts = self.attempts.entry(order.to_owned()).or_default();
        *attempts += 1;
        *attempts
    }

    /// A charge was told. Returns how many were taken in this run.
    pub(super) fn charged(&mut self, entry: &Entry, run: u32) -> u32 {
        let charges = if entry.run == run { &mut self.charges } else { &mut self.earlier };
        charges.insert(entry.charge.id.clone());
        u32::try_from(self.charges.len()).unwrap_or(u32::MAX)
    }

    /// The number of a declined card's answer.
    pub(super) fn decline(&mut self, run: u32) -> String {
        let id = format!("de_{run}_{:04}", self.declines.len() + 1);
        self.declines.insert(id.clone());
        id
    }

    pub(super) fn status(&mut self, status: &Known, run: u32) {
        match status {
            Known::Charged(entry) => {
                self.inquiries.found += 1;
                self.charged(entry, run);
            }
            Known::Stuck => self.inquiries.pending += 1,
            Known::Nothing => self.inquiries.never_happened += 1,
        }
    }

    pub(super) fn unreachable(&mut self) {
        self.inquiries.unreachable += 1;
    }

    /// Whether this answer was given for the first time in this run.
    pub(crate) fn is_new(&self, id: &str) -> bool {
        self.charges.contains(id) || self.declines.contains(id)
    }

    /// Whether this is the charge of an earlier run, and the gateway told it in this one.
    pub(crate) fn told_again(&self, id: &str) -> bool {
        self.earlier.contains(id)
    }

    pub(crate) fn inquiries(&self) -> Inquiries {
        self.inquiries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charge::Charge;
    use crate::money::{Currency, Money};

    fn entry(id: &str, run: u32) -> Entry {
        let charge = Charge { id: id.to_owned(), money: Money { minor: 500, currency: Currency::Eur } };
        Entry { order: "o-1".to_owned(), charge, run }
    }

    #[test]
    fn attempts_are_counted_for_each_order() {
        let mut said = Said::default();
        let attempts = ["o-1", "o-2", "o-1"].map(|order| said.next_attempt(order));
        assert_eq!(attempts, [1, 1, 2]);
    }

    #[test]
    fn charges_of_this_run_are_told_from_those_of_earlier_ones() {
        let mut said = Said::default();
        assert_eq!(said.charged(&entry("ch_0001", 1), 2), 0);
        assert_eq!(said.charged(&entry("ch_0002", 2), 2), 1);
        assert_eq!(said.charged(&entry("ch_0002", 2), 2), 1);
        said.status(&Known::Charged(entry("ch_0003", 1)), 2);
        assert!(said.is_new("ch_0002") && !said.told_again("ch_0002"));
        assert!(said.told_again("ch_0001") && said.told_again("ch_0003") && !said.is_new("ch_0003"));
        assert!(!said.is_new("ch_0004") && !said.told_again("ch_0004"));
    }

    #[test]
    fn declines_of_two_runs_have_different_numbers() {
        let (mut first, mut second) = (Said::default(), Said::default());
        let declined = first.decline(1);
        assert_ne!(declined, second.decline(2));
        assert!(first.is_new(&declined) && !second.is_new(&declined));
    }
}
