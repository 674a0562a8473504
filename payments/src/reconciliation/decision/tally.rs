//! Counts and sums, of what came in and of what it turned out to be.

use super::super::class::Class;
use super::super::row::Row;
use super::super::side::{Side, Sides};
use crate::money::{Currency, Money};

/// How many rows, and their sum in each currency.
///
/// See [`Report`](super::super::Report) for an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals(Vec<Sum>);

/// Rows of one currency, and their sum.
///
/// See [`Report`](super::super::Report) for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sum {
    /// The currency.
    pub currency: Currency,
    /// How many rows are in it.
    pub rows: u64,
    /// Their sum in minor units. It may be more than an amount can be.
    pub minor: i128,
}

impl Totals {
    /// How many rows, in all currencies.
    ///
    /// See [`Report`](super::super::Report) for an example.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|sum| sum.rows).sum()
    }

    /// The sum in a currency, in minor units; 0 where there is no row in it.
    ///
    /// See [`Report`](super::super::Report) for an example.
    pub fn sum(&self, currency: Currency) -> i128 {
        self.0.iter().find(|sum| sum.currency == currency).map_or(0, |sum| sum.minor)
    }

    /// Every currency that has rows, by code.
    ///
    /// See [`Report`](super::super::Report) for an example.
    pub fn sums(&self) -> &[Sum] {
        &self.0
    }

    pub(super) fn add(&mut self, amount: Money) {
        self.add_sum(Sum { currency: amount.currency(), rows: 1, minor: i128::from(amount.minor()) });
    }

    fn add_all(&mut self, other: &Self) {
        other.0.iter().for_each(|sum| self.add_sum(*sum));
    }

    /// A ledger has few currencies: the first is nearly always the one. An `i128` holds the sum of more amounts
    /// than a `u64` can count.
    fn add_sum(&mut self, new: Sum) {
        match self.0.iter_mut().find(|sum| sum.currency == new.currency) {
            Some(sum) => {
                sum.rows += new.rows;
                sum.minor += new.minor;
            }
            None => {
                let place = self.0.partition_point(|sum| sum.currency.code() < new.currency.code());
                self.0.insert(place, new);
            }
        }
    }
}

/// What is counted of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Counted {
    pub(in super::super) items: u64,
    pub(in super::super) totals: Sides<Totals>,
}

/// What came in, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Tally {
    pub(in super::super) input: Sides<Totals>,
    classes: [Counted; Class::ALL.len()],
}

impl Tally {
    pub(in super::super) fn of(&self, class: Class) -> &Counted {
        &self.classes[class.index()]
    }

    pub(super) fn came(&mut self, side: Side, row: &Row) {
        self.input[side].add(row.amount());
    }

    pub(super) fn settled(&mut self, class: Class, internal: &[Row], gateway: &[Row]) {
        let counted = &mut self.classes[class.index()];
        counted.items += 1;
        internal.iter().for_each(|row| counted.totals.internal.add(row.amount()));
        gateway.iter().for_each(|row| counted.totals.gateway.add(row.amount()));
    }

    pub(super) fn too_many(&mut self, totals: &Sides<Totals>) {
        let counted = &mut self.classes[Class::TooMany.index()];
        counted.items += 1;
        Side::BOTH.into_iter().for_each(|side| counted.totals[side].add_all(&totals[side]));
    }

    /// The side on which rows or money came in and ended in no class, or came from nowhere.
    pub(in super::super) fn unbalanced(&self) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| {
            let mut ended = Totals::default();
            self.classes.iter().for_each(|counted| ended.add_all(&counted.totals[*side]));
            ended != self.input[*side]
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::super::row::Status;
    use super::*;

    #[test]
    fn a_row_or_a_cent_that_is_lost_is_noticed_on_its_side() {
        let row = |minor| Row::new("a", Money::new(minor, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
        let mut tally = Tally::default();
        for side in Side::BOTH {
            tally.came(side, &row(5));
        }
        assert_eq!(tally.unbalanced(), Some(Side::Internal));
        tally.settled(Class::MissingGateway, &[row(5)], &[]);
        assert_eq!(tally.unbalanced(), Some(Side::Gateway));
        let balanced = {
            let mut tally = tally.clone();
            tally.settled(Class::MissingInternal, &[], &[row(5)]);
            tally
        };
        assert_eq!(balanced.unbalanced(), None);
        tally.settled(Class::MissingInternal, &[], &[row(4)]);
        assert_eq!(tally.unbalanced(), Some(Side::Gateway));
    }
}
