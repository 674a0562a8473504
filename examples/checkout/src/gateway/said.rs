//! What the gateway has told its callers in this run. It is for the report, and goes with the process.

use std::collections::{HashMap, HashSet};

use steadfast_payments::gateway::{ChargeId, LookUp};

/// What was told in this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    attempts: HashMap<String, u32>,
    /// The charges that were taken in this run, with those whose answer was lost.
    charges: HashSet<ChargeId>,
    declines: HashSet<String>,
    /// Charges of earlier runs, told again.
    earlier: HashSet<ChargeId>,
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

    /// A charge was told, of this run or of an earlier one. Returns how many were taken in this run.
    pub(super) fn charged(&mut self, charge: &ChargeId, now: bool) -> u32 {
        let charges = if now { &mut self.charges } else { &mut self.earlier };
        charges.insert(charge.clone());
        u32::try_from(self.charges.len()).unwrap_or(u32::MAX)
    }

    /// The number of a declined card's answer.
    pub(super) fn decline(&mut self, run: u32) -> String {
        let id = format!("de_{run}_{:04}", self.declines.len() + 1);
        self.declines.insert(id.clone());
        id
    }

    /// Somebody asked what became of a call.
    pub(super) fn answered(&mut self, known: &LookUp) {
        match known {
            LookUp::Done(_) => self.inquiries.found += 1,
            LookUp::Pending => self.inquiries.pending += 1,
            // What was refused has not happened, and is refused again.
            _ => self.inquiries.never_happened += 1,
        }
    }

    pub(super) fn unreachable(&mut self) {
        self.inquiries.unreachable += 1;
    }

    /// Whether this charge was made in this run.
    pub(crate) fn is_new(&self, charge: &ChargeId) -> bool {
        self.charges.contains(charge)
    }

    /// Whether this card was declined in this run.
    pub(crate) fn is_new_decline(&self, answer: &str) -> bool {
        self.declines.contains(answer)
    }

    /// Whether this is the charge of an earlier run, and the gateway told it in this one.
    pub(crate) fn told_again(&self, charge: &ChargeId) -> bool {
        self.earlier.contains(charge)
    }

    pub(crate) fn inquiries(&self) -> Inquiries {
        self.inquiries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_for_each_order() {
        let mut said = Said::default();
        let attempts = ["o-1", "o-2", "o-1"].map(|order| said.next_attempt(order));
        assert_eq!(attempts, [1, 1, 2]);
    }

    #[test]
    fn charges_of_this_run_are_told_from_those_of_earlier_ones() {
        let mut said = Said::default();
        let [old, new, other] = ["ch_0001", "ch_0002", "ch_0003"].map(ChargeId::from);
        assert_eq!([(&old, false), (&new, true), (&new, true)].map(|(id, now)| said.charged(id, now)), [0, 1, 1]);
        assert!(said.is_new(&new) && !said.told_again(&new));
        assert!(said.told_again(&old) && !said.is_new(&old));
        assert!(!said.is_new(&other) && !said.told_again(&other));
    }

    #[test]
    fn declines_of_two_runs_have_different_numbers() {
        let (mut first, mut second) = (Said::default(), Said::default());
        let declined = first.decline(1);
        assert_ne!(declined, second.decline(2));
        assert!(first.is_new_decline(&declined) && !second.is_new_decline(&declined));
    }
}
