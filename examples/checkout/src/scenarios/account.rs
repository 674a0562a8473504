//! What happened in a scenario, in order; and whether it is what was promised.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steadfast_payments::gateway::fake::{FakeGateway, Totals};
use steadfast_payments::{Currency, Money};

use super::{Call, Event, Told};
use crate::shop::Deed;
use crate::sums::shown;
use crate::text::count;

/// What happened in a scenario.
#[derive(Clone, Debug)]
pub struct Account {
    /// In the order of time.
    pub events: Vec<Event>,
    /// The gateway's own books at the end.
    pub books: Books,
    /// What the scenario is to show, each with whether it did.
    pub promises: Vec<(&'static str, bool)>,
}

/// The gateway's own books: all amounts are euros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// How many charges there are.
    pub charges: usize,
    /// What was held, taken, given back and let go of, in cents.
    pub totals: Totals,
}

/// Where what happens is noted. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    events: Arc<Mutex<Vec<Event>>>,
    hear: Option<fn(&Event)>,
}

impl Journal {
    /// One that somebody listens to as well.
    pub(crate) fn heard_by(hear: fn(&Event)) -> Self {
        Self { hear: Some(hear), ..Self::default() }
    }

    pub(crate) fn note(&self, event: Event) {
        if let Some(hear) = self.hear {
            hear(&event);
        }
        self.lock().push(event);
    }

    /// All that happened so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    pub(crate) fn of(gateway: &FakeGateway) -> Self {
        Self { charges: gateway.charges().len(), totals: gateway.totals(Currency::EUR) }
    }
}

impl Account {
    /// Nothing promised yet.
    pub(crate) fn new(journal: &Journal, books: Books) -> Self {
        Self { events: journal.events(), books, promises: Vec::new() }
    }

    /// With a promise, and whether it was kept.
    pub(crate) fn promises(mut self, what: &'static str, kept: bool) -> Self {
        self.promises.push((what, kept));
        self
    }

    /// Whether all that was promised was kept.
    pub fn is_kept(&self) -> bool {
        self.promises.iter().all(|(_, kept)| *kept)
    }

    /// The calls to the gateway, in their order; looking up is one.
    pub fn calls(&self) -> Vec<Call> {
        let call = |event: &Event| match event {
            Event::Gateway { call, .. } => Some(*call),
            _ => None,
        };
        self.events.iter().filter_map(call).collect()
    }

    /// What warehouse and carrier did, in their order.
    pub fn deeds(&self) -> Vec<Deed> {
        let deed = |event: &Event| match event {
            Event::Deed(deed) => Some(*deed),
            _ => None,
        };
        self.events.iter().filter_map(deed).collect()
    }

    /// What clients were told, in their order.
    pub fn answers(&self) -> Vec<Told> {
        let told = |event: &Event| if let Event::Client(told) = event { Some(told.clone()) } else { None };
        self.events.iter().filter_map(told).collect()
    }

    /// Whether both happened, the first one before the second.
    pub fn in_order(&self, first: impl Fn(&Event) -> bool, second: impl Fn(&Event) -> bool) -> bool {
        let place = |event: &dyn Fn(&Event) -> bool| self.events.iter().position(event);
        place(&first).zip(place(&second)).is_some_and(|(first, second)| first < second)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.iter().try_for_each(|event| writeln!(f, "     {event}"))?;
        if self.books.charges > 0 {
            writeln!(f, "     {:<11}{}", "ledger", self.books)?;
        }
        let promises = self.promises.iter();
        promises
            .map(|(what, kept)| (if *kept { "ok" } else { "NOT SO" }, what))
            .try_for_each(|(word, what)| writeln!(f, "  {word}  {what}"))
    }
}

impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { authorized, captured, refunded, voided, .. } = self.totals;
        write!(f, "{}: held {}", count(self.charges, "charge"), euros(authorized))?;
        for (what, amount) in [("taken", captured), ("given back", refunded), ("let go", voided)] {
            if amount > 0 {
                write!(f, ", {what} {}", euros(amount))?;
            }
        }
        Ok(())
    }
}

fn euros(minor: i128) -> String {
    shown(Money::new(i64::try_from(minor).unwrap_or(i64::MAX), Currency::EUR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_is_broken_is_told() {
        let journal = Journal::default();
        journal.note(Event::Gateway { call: Call::Void, amount: None, told: Told::Nothing });
        let account = Account::new(&journal, Books::default()).promises("it is done", true);
        assert!(account.is_kept());
        let account = account.promises("it is undone", false);
        assert!(!account.is_kept());
        assert_eq!(account.to_string(), "     gateway    void: no answer\n  ok  it is done\n  NOT SO  it is undone\n");
    }

    #[test]
    fn what_is_in_order_has_both() {
        let journal = Journal::default();
        [Event::HungUp, Event::Killed].into_iter().for_each(|event| journal.note(event));
        let account = Account::new(&journal, Books::default());
        let is = |expected: Event| move |event: &Event| *event == expected;
        assert!(account.in_order(is(Event::HungUp), is(Event::Killed)));
        assert!(!account.in_order(is(Event::Killed), is(Event::HungUp)));
        assert!(!account.in_order(is(Event::Resumed), is(Event::Killed)));
        assert!(!account.in_order(is(Event::Killed), is(Event::Resumed)));
    }
}
