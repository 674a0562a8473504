//! What a reconciliation came to: counts and sums, never the rows.

mod csv;
mod json;
mod text;

use std::collections::BTreeMap;
use std::time::SystemTime;

pub(super) use text::decimals;

use super::class::Class;
use super::decision::{Tally, Totals};
use super::error::ReconcileError;
use super::read::Flaw;
use super::side::{Side, Sides};

/// What a reconciliation came to: counts and sums of each class. Its size does not depend on the ledgers'.
///
/// Each row is in exactly one class, and [made](Self) only after that was checked: on each side, rows and sums
/// of the classes are those that came in, in every currency.
///
/// | as | by |
/// |---|---|
/// | one line | [`summary`](Self::summary) |
/// | text | `Display` |
/// | JSON | serde |
/// | CSV | [`write_csv`](Self::write_csv) |
///
/// The same ledgers at the same time give the same bytes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::reconciliation::{BadRows, Class, Discard, Reconciliation, Row, Side, Status};
/// use steadfast_payments::{Currency, Money};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let at = SystemTime::UNIX_EPOCH;
/// let row = |reference: &str, minor| Row::new(reference, Money::new(minor, Currency::EUR), Status::Captured, at);
/// let internal = [row("a", 500), row("b", 900), row("c", 100)];
/// let gateway = [row("a", 500), row("b", 905), row("d", 40)];
/// let plan = Reconciliation::new(Duration::from_secs(3600), BadRows::Stop);
/// let report = plan.compare(at + Duration::from_secs(7200), internal, gateway, &mut Discard)?;
///
/// assert_eq!(
///     report.summary(),
///     "1/4 matched, 3 discrepancies: 1 missing_internal, 1 missing_gateway, 1 amount_mismatch"
/// );
/// assert_eq!((report.items(), report.discrepancies()), (4, 3));
///
/// // How much money is in question, and on whose side.
/// let gateway = report.totals(Class::AmountMismatch, Side::Gateway);
/// assert_eq!((gateway.rows(), gateway.sum(Currency::EUR)), (1, 905));
/// let input = report.input(Side::Internal).sums();
/// assert_eq!((input.len(), input[0].currency, input[0].rows, input[0].minor), (1, Currency::EUR, 3, 1500));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    now: SystemTime,
    tally: Tally,
    notes: Notes,
}

/// What is counted beside the classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    bad_rows: Sides<BTreeMap<Flaw, u64>>,
    handler_failures: BTreeMap<Class, u64>,
}

impl Notes {
    pub(super) fn bad_row(&mut self, side: Side, flaw: Flaw) {
        *self.bad_rows[side].entry(flaw).or_default() += 1;
    }

    pub(super) fn handler_failed(&mut self, class: Class) {
        *self.handler_failures.entry(class).or_default() += 1;
    }
}

impl Report {
    pub(super) fn new(now: SystemTime, tally: Tally, notes: Notes) -> Result<Self, ReconcileError> {
        match tally.unbalanced() {
            Some(side) => Err(ReconcileError::Unbalanced(side)),
            None => Ok(Self { now, tally, notes }),
        }
    }

    /// One line, such as `1248/1251 matched, 3 discrepancies: 2 missing_internal, 1 status_mismatch`.
    ///
    /// What counts is findings: a pair is one, and so is a row that is alone. Several rows that settle as one are
    /// matched. Behind it stand, where there are any, findings that are pending, rows that could not be read, and
    /// handlers that failed.
    ///
    /// See [`Report`] for an example.
    pub fn summary(&self) -> String {
        text::summary(self)
    }

    /// How many findings there are of a class: pairs, groups, or rows that are alone.
    ///
    /// See [`Reconciliation::on`](super::Reconciliation::on) for an example.
    pub fn count(&self, class: Class) -> u64 {
        self.tally.of(class).items
    }

    /// How many findings there are.
    ///
    /// See [`Report`] for an example.
    pub fn items(&self) -> u64 {
        Class::ALL.into_iter().map(|class| self.count(class)).sum()
    }

    /// How many of them somebody should look at.
    ///
    /// See [`Report`] for an example.
    pub fn discrepancies(&self) -> u64 {
        Class::ALL.into_iter().filter(|class| class.is_discrepancy()).map(|class| self.count(class)).sum()
    }

    /// Rows and sums of a class, on one side.
    ///
    /// See [`Report`] for an example.
    pub fn totals(&self, class: Class, side: Side) -> &Totals {
        &self.tally.of(class).totals[side]
    }

    /// Rows and sums that came in on one side. Rows that could not be read are not among them.
    ///
    /// See [`Report`] for an example.
    pub fn input(&self, side: Side) -> &Totals {
        &self.tally.input[side]
    }

    /// How many rows of a side could not be read. Each may hide a match: what it was about counts as missing.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use steadfast_payments::reconciliation::{
    ///     Amounts, BadRows, CsvRows, Discard, Flaw, Layout, Reconciliation, Row, Side, Times,
    /// };
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let file = "reference,amount,currency,status,time\norder-1,12.345,EUR,captured,1700000000\n";
    /// let rows = CsvRows::open(file.as_bytes(), &Layout::new(Amounts::Decimals, Times::UnixSeconds))?;
    /// let plan = Reconciliation::new(Duration::ZERO, BadRows::Count);
    /// let report = plan.compare(SystemTime::now(), Vec::<Row>::new(), rows, &mut Discard)?;
    /// assert_eq!((report.bad_rows(Side::Gateway), report.bad_rows(Side::Internal)), (1, 0));
    /// assert_eq!(report.summary(), "0/0 matched, 0 discrepancies; 1 bad row");
    /// # Ok(())
    /// # }
    /// ```
    pub fn bad_rows(&self, side: Side) -> u64 {
        self.notes.bad_rows[side].values().sum()
    }

    /// How often a handler failed or panicked. The sink was told for which rows.
    ///
    /// See [`Reconciliation::on`](super::Reconciliation::on) for an example.
    pub fn handler_failures(&self) -> u64 {
        self.notes.handler_failures.values().sum()
    }
}
