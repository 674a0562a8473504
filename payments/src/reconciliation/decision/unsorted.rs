//! What nothing can be merged of.

use std::fmt;

use super::super::side::Side;

/// A ledger is not sorted by reference, byte by byte. Nothing can be said about either ledger: sort it
/// (`ORDER BY reference COLLATE "C"` in PostgreSQL, `LC_ALL=C sort` for files) and begin anew.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use steadfast_payments::{Currency, Money};
/// use steadfast_payments::reconciliation::{BadRows, Discard, Reconciliation, Row, Status};
///
/// # let now = SystemTime::UNIX_EPOCH;
/// let row = |reference: &str| Row::new(reference, Money::new(500, Currency::EUR), Status::Captured, now);
/// let plan = Reconciliation::new(Duration::ZERO, BadRows::Stop);
/// let error = plan.compare(now, [row("b"), row("a")], Vec::<Row>::new(), &mut Discard).unwrap_err();
/// assert!(error.to_string().starts_with("row 2 of the internal ledger comes before the row in front of it"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsorted {
    /// Which ledger.
    pub side: Side,
    /// Its first row, counted from 1, that is less than the one before it.
    pub row: u64,
}

impl fmt::Display for Unsorted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "row {} of the {} ledger comes before the row in front of it: both ledgers must be sorted by reference, \
             byte by byte (SQL: ORDER BY reference COLLATE \"C\"; files: LC_ALL=C sort)",
            self.row,
            self.side.as_str()
        )
    }
}

impl std::error::Error for Unsorted {}
