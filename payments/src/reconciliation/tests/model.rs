//! The rules once more, as plainly as they can be said: all rows in memory, nothing sorted but where it decides.

use std::collections::HashMap;

use super::super::*;
use super::support::{LAG, now};
use crate::money::Currency;

/// Findings of each class, with the rows of each side.
pub(super) type Counts = HashMap<Class, (u64, u64, u64)>;

pub(super) fn model(internal: &[Row], gateway: &[Row], max_group: usize) -> Counts {
    let mut groups: HashMap<&str, (Vec<Row>, Vec<Row>)> = HashMap::new();
    for row in internal {
        groups.entry(row.reference()).or_default().0.push(row.clone());
    }
    for row in gateway {
        groups.entry(row.reference()).or_default().1.push(row.clone());
    }
    let mut counts = Counts::new();
    for (ours, theirs) in groups.into_values() {
        if ours.len() > max_group || theirs.len() > max_group {
            add(&mut counts, Class::TooMany, ours.len(), theirs.len());
        } else {
            group(ours, theirs, &mut counts);
        }
    }
    counts
}

fn add(counts: &mut Counts, class: Class, ours: usize, theirs: usize) {
    let entry = counts.entry(class).or_default();
    *entry = (entry.0 + 1, entry.1 + ours as u64, entry.2 + theirs as u64);
}

fn group(mut ours: Vec<Row>, mut theirs: Vec<Row>, counts: &mut Counts) {
    for side in [&mut ours, &mut theirs] {
        side.sort_by_key(|row| (row.at(), row.fee().map(|fee| fee.minor())));
    }
    if (ours.len() == 1 || theirs.len() == 1) && equal_sums(&ours, &theirs) {
        return add(counts, together(&ours, &theirs), ours.len(), theirs.len());
    }
    let mut settled: (Vec<Row>, Vec<Row>) = Default::default();
    for strict in [true, false] {
        while let Some((our, their)) = agreeing(&ours, &theirs, strict) {
            settled.0.push(ours.remove(our));
            settled.1.push(theirs.remove(their));
            add(counts, Class::Matched, 1, 1);
        }
    }
    if !equal_sums(&ours, &theirs) {
        for _ in 0..copies(&mut ours, &settled.0) {
            add(counts, Class::Duplicate, 1, 0);
        }
        for _ in 0..copies(&mut theirs, &settled.1) {
            add(counts, Class::Duplicate, 0, 1);
        }
    }
    if !ours.is_empty() && !theirs.is_empty() {
        return add(counts, together(&ours, &theirs), ours.len(), theirs.len());
    }
    for row in ours {
        let young = row.at() + LAG > now();
        add(counts, if young { Class::Pending } else { Class::MissingGateway }, 1, 0);
    }
    for _ in theirs {
        add(counts, Class::MissingInternal, 0, 1);
    }
}

fn same(one: &Row, other: &Row) -> bool {
    one.amount() == other.amount() && one.status() == other.status()
}

fn agreeing(ours: &[Row], theirs: &[Row], strict: bool) -> Option<(usize, usize)> {
    for (our, one) in ours.iter().enumerate() {
        for (their, other) in theirs.iter().enumerate() {
            let fees = if strict { one.fee() == other.fee() } else { one.fee().is_none() || other.fee().is_none() };
            if same(one, other) && fees {
                return Some((our, their));
            }
        }
    }
    None
}

/// How many rows are removed because the same is there before.
fn copies(rows: &mut Vec<Row>, settled: &[Row]) -> usize {
    let mut kept: Vec<Row> = Vec::new();
    for row in rows.iter() {
        if !settled.iter().chain(&kept).any(|before| same(before, row)) {
            kept.push(row.clone());
        }
    }
    let gone = rows.len() - kept.len();
    *rows = kept;
    gone
}

fn sum(rows: &[Row], currency: Currency) -> Option<i64> {
    let amounts = rows.iter().map(Row::amount).filter(|amount| amount.currency() == currency);
    amounts.map(|amount| amount.minor()).reduce(|one, other| one + other)
}

fn equal_sums(ours: &[Row], theirs: &[Row]) -> bool {
    let all = [Currency::EUR, Currency::JPY].into_iter().all(|this| sum(ours, this) == sum(theirs, this));
    !ours.is_empty() && !theirs.is_empty() && all
}

fn together(ours: &[Row], theirs: &[Row]) -> Class {
    let currencies = [Currency::EUR, Currency::JPY];
    if currencies.into_iter().any(|this| sum(ours, this).is_some() != sum(theirs, this).is_some()) {
        return Class::CurrencyMismatch;
    }
    if !equal_sums(ours, theirs) {
        return Class::AmountMismatch;
    }
    let within =
        |these: &[Row], those: &[Row]| these.iter().all(|this| those.iter().any(|that| this.status() == that.status()));
    if !within(ours, theirs) && !within(theirs, ours) {
        return Class::StatusMismatch;
    }
    let moved = |status: Status| matches!(status, Status::Captured | Status::Refunded);
    let of = |rows: &[Row], like: Status| {
        let like = |row: &&Row| row.status() == like || (moved(row.status()) && moved(like));
        rows.iter().filter(like).cloned().collect::<Vec<_>>()
    };
    for status in Status::ALL {
        let (ours, theirs) = (of(ours, status), of(theirs, status));
        if currencies.into_iter().any(|this| sum(&ours, this) != sum(&theirs, this)) {
            return Class::StatusMismatch;
        }
    }
    let all_fees = ours.iter().chain(theirs).all(|row| row.fee().is_some());
    let fees = |rows: &[Row], currency| {
        rows.iter().filter_map(Row::fee).filter(|fee| fee.currency() == currency).map(|fee| fee.minor()).sum::<i64>()
    };
    if all_fees && currencies.into_iter().any(|this| fees(ours, this) != fees(theirs, this)) {
        return Class::FeeMismatch;
    }
    if ours.len() == 1 && theirs.len() == 1 { Class::Matched } else { Class::ManyToOne }
}
