//! A finding to keep: for handlers, and for lists.

use super::class::Class;
use super::decision::Finding;
use super::row::Row;
use super::side::{Side, Sides};

/// Rows of one reference and the class they ended in: what a handler gets.
///
/// `Debug` tells neither reference nor amounts.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::reconciliation::{BadRows, Class, Event, Found, Reconciliation, Row, Side, Status};
/// use steadfast_payments::{Currency, Money};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let day = |n: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(n * 86_400);
/// let row = |minor| Row::new("order-1", Money::new(minor, Currency::EUR), Status::Captured, day(1));
///
/// let mut found: Vec<Found> = Vec::new();
/// let mut keep = |event: Event<'_>| {
///     if let Event::Found(finding) = event {
///         found.push(finding.to_found());
///     }
///     Ok(())
/// };
/// let plan = Reconciliation::new(Duration::from_secs(2 * 86_400), BadRows::Stop);
/// plan.compare(day(9), [row(500)], [row(700)], &mut keep)?;
///
/// assert_eq!((found[0].class(), found[0].reference(), found[0].item()), (Class::AmountMismatch, "order-1", 1));
/// assert_eq!(found[0].rows(Side::Gateway)[0].amount(), Money::new(700, Currency::EUR));
/// assert_eq!(found[0].count(Side::Gateway), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    item: u64,
    class: Class,
    rows: Sides<Vec<Row>>,
    counts: Sides<u64>,
}

impl Found {
    pub(super) fn of(finding: &Finding<'_>) -> Self {
        let rows = Sides::each(|side| finding.rows(side).to_vec());
        Self { item: finding.item(), class: finding.class(), rows, counts: finding.counts }
    }

    /// The same, borrowed.
    pub(super) fn as_finding(&self) -> Finding<'_> {
        let Self { item, class, rows, counts } = self;
        Finding { item: *item, class: *class, internal: &rows.internal, gateway: &rows.gateway, counts: *counts }
    }

    /// What they are.
    ///
    /// See [`Found`] for an example.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The how-manieth finding of its run it is, counted from 1.
    ///
    /// See [`Found`] for an example.
    pub fn item(&self) -> u64 {
        self.item
    }

    /// The reference that they share.
    ///
    /// See [`Found`] for an example.
    pub fn reference(&self) -> &str {
        self.as_finding().reference()
    }

    /// The rows of a side; of [`Class::TooMany`], the first of them.
    ///
    /// See [`Found`] for an example.
    pub fn rows(&self, side: Side) -> &[Row] {
        &self.rows[side]
    }

    /// How many rows of a side: as many as [`rows`](Self::rows) has, but for [`Class::TooMany`].
    ///
    /// See [`Found`] for an example.
    pub fn count(&self, side: Side) -> u64 {
        self.counts[side]
    }
}
