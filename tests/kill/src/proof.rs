//! What the ledger and the journal of a run prove, whatever the workers believe.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use crate::gateway::Entry;
use crate::journal::Event;
use crate::order::Order;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Orders that there were.
    pub orders: usize,
    /// Entries of the gateway's ledger, or rows.
    pub charges: usize,
    /// First answers that clients got.
    pub answers: usize,
    /// Answers that were the repetition of an earlier one.
    pub replays: usize,
    /// Charges that nobody had been told of, found by asking the gateway.
    pub recovered: usize,
    /// Of them, those whose worker or server was killed: no client was told that the outcome is unknown.
    pub recovered_after_kills: usize,
    /// Calls whose work was done, and whose record could not be written.
    pub unrecorded: usize,
    /// Calls that were stopped before their commit, because their lease had run out.
    pub late: usize,
    /// Outcomes that stayed unknown, and were listed.
    pub unknowns: usize,
}

/// The figures, and all that is wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    /// What was counted.
    pub figures: Figures,
    /// Each in a sentence; empty when all is well.
    pub wrong: Vec<String>,
}

/// What is known of one order.
#[derive(Default)]
struct Story<'a> {
    charges: Vec<&'a str>,
    answers: Vec<&'a str>,
    unknown: bool,
    listed: usize,
    still_listed: bool,
    answered_before_listed: bool,
}

impl Proof {
    /// Reads them.
    pub(crate) fn of(orders: &Range<u32>, ledger: &[Entry], journal: &[Event]) -> Self {
        let mut stories: BTreeMap<Order, Story<'_>> =
            Order::all(orders).map(|order| (order, Story::default())).collect();
        for entry in ledger {
            stories.entry(entry.order).or_default().charges.push(&entry.charge.id);
        }
        for event in journal {
            stories.entry(event.order()).or_default().hear(event);
        }
        let wrong = stories.iter().flat_map(|(order, story)| story.wrong(*order)).collect();
        Self { figures: Figures::of(orders, ledger, journal), wrong }
    }
}

impl<'a> Story<'a> {
    fn hear(&mut self, event: &'a Event) {
        match event {
            Event::Answer { id, .. } => self.answers.push(id),
            Event::Unknown(_) => self.unknown = true,
            Event::Listed(_) => {
                self.listed += 1;
                self.answered_before_listed |= !self.answers.is_empty();
            }
            Event::StillListed(_) => self.still_listed = true,
            Event::NoAnswer(_) | Event::Recovered(_) | Event::Unrecorded(_) | Event::Late(_) => {}
        }
    }

    fn wrong(&self, order: Order) -> Vec<String> {
        let answers: BTreeSet<_> = self.answers.iter().collect();
        let charged = usize::from(!order.is_declined());
        let is_answer_of_ledger = |id: &&&str| order.is_declined() || self.charges.contains(*id);
        let checks = [
            (self.charges.len() > charged, format!("charged {} times instead of {charged}", self.charges.len())),
            (self.charges.len() < charged, "never charged".to_owned()),
            (answers.is_empty(), "lost: never answered".to_owned()),
            (answers.len() > 1, format!("answered in {} ways: {answers:?}", answers.len())),
            (!answers.iter().all(is_answer_of_ledger), format!("answered {answers:?}, which the ledger has not")),
            (self.unknown != (self.listed > 0), format!("unknown: {}, listed: {}", self.unknown, self.listed > 0)),
            (self.listed > 1, format!("listed {} times", self.listed)),
            (self.listed > 0 && !order.is_opaque(), "listed as unknown, though the gateway could be asked".to_owned()),
            (self.answered_before_listed, "listed as unknown, after it was answered".to_owned()),
            (self.still_listed, "listed as unknown after it was resolved".to_owned()),
        ];
        checks.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, what)| format!("{order}: {what}")).collect()
    }
}

impl Figures {
    fn of(orders: &Range<u32>, ledger: &[Entry], journal: &[Event]) -> Self {
        let count = |of: fn(&Event) -> bool| journal.iter().filter(|event| of(event)).count();
        let in_doubt: BTreeSet<_> =
            journal.iter().filter(|event| matches!(event, Event::NoAnswer(_))).map(Event::order).collect();
        let recovered: BTreeSet<_> =
            journal.iter().filter(|event| matches!(event, Event::Recovered(_))).map(Event::order).collect();
        Self {
            orders: orders.len(),
            charges: ledger.len(),
            answers: count(|event| matches!(event, Event::Answer { replayed: false, .. })),
            replays: count(|event| matches!(event, Event::Answer { replayed: true, .. })),
            recovered: recovered.len(),
            recovered_after_kills: recovered.difference(&in_doubt).count(),
            unrecorded: count(|event| matches!(event, Event::Unrecorded(_))),
            late: count(|event| matches!(event, Event::Late(_))),
            unknowns: count(|event| matches!(event, Event::Listed(_))),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:>7} orders", self.orders)?;
        writeln!(f, "  {:>7} charges in the ledger", self.charges)?;
        writeln!(f, "  {:>7} first answers, {} replays", self.answers, self.replays)?;
        writeln!(
            f,
            "  {:>7} recovered by asking, {} of them after a kill",
            self.recovered, self.recovered_after_kills
        )?;
        writeln!(f, "  {:>7} done and not recorded, {} stopped before their commit", self.unrecorded, self.late)?;
        writeln!(f, "  {:>7} unknown, listed and resolved", self.unknowns)
    }
}

#[cfg(test)]
mod tests;
