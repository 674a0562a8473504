//! The rows of one reference, sorted into classes.
//!
//! Every rule is about the rows as a set: their order and their numbers decide nothing.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, SystemTime};

use super::super::class::Class;
use super::super::row::{Row, Status};
use super::super::side::{Side, Sides};
use crate::money::{Currency, Money};

/// What a decision is told.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Terms {
    pub(in super::super) now: SystemTime,
    pub(in super::super) lag: Duration,
    pub(in super::super) max_group: usize,
}

/// Rows of one class that belong together.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) class: Class,
    pub(super) rows: Sides<Vec<Row>>,
}

/// What makes a second row a copy of a first: everything but the fee and the time.
type Same = (Currency, i64, Status);

/// All rows of one reference, in the classes they belong to.
pub(super) fn settle(mut rows: Sides<Vec<Row>>, terms: &Terms) -> Vec<Part> {
    for side in Side::BOTH {
        rows[side].sort_by(canonical);
    }
    let mut parts = Vec::new();
    let single = rows.internal.len() == 1 || rows.gateway.len() == 1;
    if single && sums_agree(&rows) {
        parts.push(together(rows));
        return parts;
    }
    let mut seen = Sides::each(|_| HashSet::new());
    pair(&mut rows, &mut parts, &mut seen, |one, other| one.fee() == other.fee());
    pair(&mut rows, &mut parts, &mut seen, |one, other| one.fee().is_none() || other.fee().is_none());
    if !sums_agree(&rows) {
        set_copies_aside(&mut rows, &mut parts, &mut seen);
    }
    if rows.internal.is_empty() || rows.gateway.is_empty() {
        parts.extend(missing(rows, terms));
    } else {
        parts.push(together(rows));
    }
    parts
}

/// One order for rows of one reference, whatever order they came in.
fn canonical(one: &Row, other: &Row) -> Ordering {
    let fee = |row: &Row| row.fee().map(|fee| (fee.currency(), fee.minor()));
    same(one).cmp(&same(other)).then_with(|| one.at().cmp(&other.at())).then_with(|| fee(one).cmp(&fee(other)))
}

fn same(row: &Row) -> Same {
    (row.amount().currency(), row.amount().minor(), row.status())
}

/// Pairs of which each agrees with the other, taken out.
fn pair(
    rows: &mut Sides<Vec<Row>>,
    parts: &mut Vec<Part>,
    seen: &mut Sides<HashSet<Same>>,
    fees_agree: impl Fn(&Row, &Row) -> bool,
) {
    let mut theirs: BTreeMap<Same, Vec<Row>> = BTreeMap::new();
    for row in std::mem::take(&mut rows.gateway) {
        theirs.entry(same(&row)).or_default().push(row);
    }
    for row in std::mem::take(&mut rows.internal) {
        let key = same(&row);
        let found = theirs.get_mut(&key).and_then(|those| {
            let place = those.iter().position(|that| fees_agree(&row, that))?;
            Some(those.remove(place))
        });
        match found {
            None => rows.internal.push(row),
            Some(that) => {
                seen.internal.insert(key);
                seen.gateway.insert(key);
                parts.push(Part { class: Class::Matched, rows: Sides { internal: vec![row], gateway: vec![that] } });
            }
        }
    }
    rows.gateway = theirs.into_values().flatten().collect();
}

/// Takes out what a side has once more: of a pair, or of an earlier row of the rest.
fn set_copies_aside(rows: &mut Sides<Vec<Row>>, parts: &mut Vec<Part>, seen: &mut Sides<HashSet<Same>>) {
    for side in Side::BOTH {
        for row in std::mem::take(&mut rows[side]) {
            if seen[side].insert(same(&row)) {
                rows[side].push(row);
            } else {
                parts.push(alone(Class::Duplicate, side, row));
            }
        }
    }
}

fn missing(rows: Sides<Vec<Row>>, terms: &Terms) -> impl Iterator<Item = Part> {
    let internal = rows.internal.into_iter().map(|row| alone(lacking_at_gateway(&row, terms), Side::Internal, row));
    let gateway = rows.gateway.into_iter().map(|row| alone(Class::MissingInternal, Side::Gateway, row));
    internal.chain(gateway)
}

fn alone(class: Class, side: Side, row: Row) -> Part {
    let mut rows = Sides::default();
    Vec::push(&mut rows[side], row);
    Part { class, rows }
}

fn together(rows: Sides<Vec<Row>>) -> Part {
    Part { class: compare(&rows.internal, &rows.gateway), rows }
}

/// Of one of our rows that the gateway lacks. A row from the future is young.
pub(super) fn lacking_at_gateway(row: &Row, terms: &Terms) -> Class {
    let age = terms.now.duration_since(row.at()).unwrap_or_default();
    if age < terms.lag { Class::Pending } else { Class::MissingGateway }
}

/// What these rows together are, where each side has some: the first thing in which they differ.
pub(super) fn compare(internal: &[Row], gateway: &[Row]) -> Class {
    if let ([one], [other]) = (internal, gateway) {
        return compare_pair(one, other);
    }
    let (ours, theirs) = (sums(internal), sums(gateway));
    if !ours.keys().eq(theirs.keys()) {
        Class::CurrencyMismatch
    } else if ours != theirs {
        Class::AmountMismatch
    } else if !ends_agree(internal, gateway) {
        Class::StatusMismatch
    } else if !fees_agree(internal, gateway) {
        Class::FeeMismatch
    } else {
        Class::ManyToOne
    }
}

/// The same for one and one, as nearly all are.
fn compare_pair(one: &Row, other: &Row) -> Class {
    let differ = |one: Option<Money>, other: Option<Money>| one.is_some() && other.is_some() && one != other;
    if one.amount().currency() != other.amount().currency() {
        Class::CurrencyMismatch
    } else if one.amount().minor() != other.amount().minor() {
        Class::AmountMismatch
    } else if one.status() != other.status() {
        Class::StatusMismatch
    } else if differ(one.fee(), other.fee()) {
        Class::FeeMismatch
    } else {
        Class::Matched
    }
}

fn sums_agree(rows: &Sides<Vec<Row>>) -> bool {
    !rows.internal.is_empty() && !rows.gateway.is_empty() && sums(&rows.internal) == sums(&rows.gateway)
}

fn sums(rows: &[Row]) -> BTreeMap<Currency, i128> {
    sum(rows.iter().map(Row::amount))
}

fn sum(amounts: impl Iterator<Item = Money>) -> BTreeMap<Currency, i128> {
    let mut sums = BTreeMap::new();
    for amount in amounts {
        *sums.entry(amount.currency()).or_default() += i128::from(amount.minor());
    }
    sums
}

/// Whether one side's ends all occur on the other, and each end has the same money. A capture and a refund may
/// settle as one capture: they are one movement of money. What failed or is only held is none, and does not
/// make up for a capture.
fn ends_agree(internal: &[Row], gateway: &[Row]) -> bool {
    let ends = |rows: &[Row]| rows.iter().map(Row::status).collect::<BTreeSet<_>>();
    let (ours, theirs) = (ends(internal), ends(gateway));
    let one_side_has_no_other = ours.is_subset(&theirs) || theirs.is_subset(&ours);
    one_side_has_no_other && by_movement(internal) == by_movement(gateway)
}

fn by_movement(rows: &[Row]) -> BTreeMap<(Currency, Status), i128> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let movement = match row.status() {
            Status::Refunded => Status::Captured,
            other => other,
        };
        *sums.entry((row.amount().currency(), movement)).or_default() += i128::from(row.amount().minor());
    }
    sums
}

/// Whether the fees have equal sums, or one side does not state all of its own.
fn fees_agree(internal: &[Row], gateway: &[Row]) -> bool {
    let fees = |rows: &[Row]| rows.iter().map(Row::fee).collect::<Option<Vec<_>>>();
    match (fees(internal), fees(gateway)) {
        (Some(ours), Some(theirs)) => sum(ours.into_iter()) == sum(theirs.into_iter()),
        _ => true,
    }
}
