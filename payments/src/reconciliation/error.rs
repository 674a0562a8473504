//! Why a reconciliation ended without a report.

use std::error::Error;
use std::fmt;
use std::io;

use super::decision::Unsorted;
use super::read::BadRow;
use super::side::Side;

/// Why a reconciliation ended without a report. What the sink was given before is of no ledger as a whole:
/// throw it away and run again.
///
/// See [`Unsorted`] for an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReconcileError {
    /// A ledger is not sorted by reference.
    Unsorted(Unsorted),
    /// A row cannot be read, and [`BadRows::Stop`](super::BadRows::Stop) was chosen.
    BadRow {
        /// Of which ledger.
        side: Side,
        /// Where, and what is wrong.
        bad: BadRow,
    },
    /// A source failed before its end.
    Source {
        /// Of which ledger.
        side: Side,
        /// What it said.
        error: Box<dyn Error + Send + Sync>,
    },
    /// The sink could not write.
    Sink(io::Error),
    /// What came in and what the classes hold are not the same rows and sums. That is a mistake of this crate:
    /// no figure of the run can be trusted. Please report it.
    Unbalanced(Side),
}

impl fmt::Display for ReconcileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsorted(unsorted) => unsorted.fmt(f),
            Self::BadRow { side, bad } => write!(f, "the {} ledger cannot be read: {bad}", side.as_str()),
            Self::Source { side, error } => write!(f, "the {} ledger ended early: {error}", side.as_str()),
            Self::Sink(error) => write!(f, "a finding could not be written: {error}"),
            Self::Unbalanced(side) => write!(
                f,
                "rows or sums of the {} ledger are lost between input and classes: no figure of this run can be trusted",
                side.as_str()
            ),
        }
    }
}

impl Error for ReconcileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unsorted(error) => Some(error),
            Self::BadRow { bad, .. } => Some(bad),
            Self::Source { error, .. } => Some(&**error),
            Self::Sink(error) => Some(error),
            Self::Unbalanced(_) => None,
        }
    }
}

impl From<Unsorted> for ReconcileError {
    fn from(unsorted: Unsorted) -> Self {
        Self::Unsorted(unsorted)
    }
}
