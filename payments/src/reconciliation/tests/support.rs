//! Rows and ledgers for tests.

use std::io;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::super::*;
use crate::money::{Currency, Money};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
/// Of the settlement.
pub(super) const LAG: Duration = Duration::from_secs(3 * 86_400);

pub(super) fn day(number: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + DAY * 20_000 + DAY * number
}

/// When the tests reconcile: rows of day 7 are just old enough to be missing.
pub(super) fn now() -> SystemTime {
    day(10)
}

pub(super) fn plan() -> Reconciliation {
    Reconciliation::new(LAG, BadRows::Stop)
}

pub(super) fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// Captured on day 1, long settled.
pub(super) fn row(reference: &str, minor: i64) -> Row {
    Row::new(reference, eur(minor), Status::Captured, day(1))
}

pub(super) fn ended(reference: &str, minor: i64, status: Status) -> Row {
    Row::new(reference, eur(minor), status, day(1))
}

/// Keeps what it is told as text.
#[derive(Default)]
pub(super) struct Told(pub(super) Vec<(Class, Vec<u64>, Vec<u64>)>);

impl Sink for Told {
    fn write(&mut self, event: Event<'_>) -> io::Result<()> {
        if let Event::Found(finding) = event {
            let numbers = |side| finding.rows(side).iter().map(Row::number).collect();
            self.0.push((finding.class(), numbers(Side::Internal), numbers(Side::Gateway)));
        }
        Ok(())
    }
}

/// The classes of one reference's rows, in order, with `Matched` by its count.
pub(super) fn classes(internal: &[Row], gateway: &[Row]) -> Vec<(Class, u64)> {
    let report = plan().compare(now(), internal.to_vec(), gateway.to_vec(), &mut Discard).unwrap();
    let counts = Class::ALL.into_iter().map(|class| (class, report.count(class)));
    counts.filter(|(_, count)| *count > 0).collect()
}

pub(super) fn any_row() -> impl Strategy<Value = Row> {
    let amounts = prop_oneof![Just(-20_i64), Just(0), Just(10), Just(20), Just(30), Just(50), Just(100)];
    let currencies = prop_oneof![4 => Just(Currency::EUR), 1 => Just(Currency::JPY)];
    let statuses = prop_oneof![4 => Just(Status::Captured), 1 => Just(Status::Refunded)];
    let fees = prop_oneof![2 => Just(None), 2 => Just(Some(1_i64)), 1 => Just(Some(2))];
    let references = prop_oneof![Just("a"), Just("aa"), Just("b"), Just("ç"), Just("z")];
    (references, amounts, currencies, statuses, fees, 0_u32..12).prop_map(
        |(reference, minor, currency, status, fee, at)| {
            let row = Row::new(reference, Money::new(minor, currency), status, day(at));
            match fee {
                Some(fee) => row.with_fee(Money::new(fee, currency)),
                None => row,
            }
        },
    )
}

/// A sorted ledger; rows of one reference stand in any order.
pub(super) fn any_ledger() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(any_row(), 0..16).prop_map(sorted)
}

pub(super) fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|one, other| one.reference().cmp(other.reference()));
    rows
}

/// Two ledgers that have much in common: the second is the first with some rows lost, changed, or said again.
pub(super) fn any_pair() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    let derived = any_ledger().prop_flat_map(|ledger| {
        let fates = proptest::collection::vec((0_u8..8, any_row()), ledger.len());
        (Just(ledger), fates).prop_map(|(ledger, fates)| {
            let mut other = Vec::new();
            for (row, (fate, strange)) in ledger.iter().zip(fates) {
                match fate {
                    0 => {}
                    1 => other.extend([row.clone(), row.clone()]),
                    2 => other.push(strange),
                    3 => {
                        let half = Money::new(row.amount().minor() / 2, row.amount().currency());
                        let half = Row::new(row.reference(), half, row.status(), row.at());
                        other.extend([half.clone(), half]);
                    }
                    _ => other.push(row.clone()),
                }
            }
            (ledger, sorted(other))
        })
    });
    prop_oneof![1 => (any_ledger(), any_ledger()), 4 => derived]
}
