//! What is wrong with a row, and where; never what stands there.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use thiserror::Error;

use super::super::row::Row;

/// What is wrong with a row.
///
/// ```
/// use steadfast_payments::reconciliation::Flaw;
///
/// assert_eq!(Flaw::Amount.as_str(), "amount");
/// assert_eq!(Flaw::Amount.to_string(), "is not an amount of its currency, written as the layout says");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// It is not a row: not as many cells as the header, or not a JSON object.
    Row,
    /// It is longer than 64 KiB.
    TooLong,
    /// It is not UTF-8.
    Encoding,
    /// There is nothing where something must be.
    Missing,
    /// The field is there twice, and nobody can say which one counts.
    Repeated,
    /// Neither a text nor a number, where a payment's reference should be.
    Reference,
    /// Not an amount, or one with more decimals than its currency has.
    Amount,
    /// Not the code of a currency that has minor units.
    Currency,
    /// A word that neither is a status nor was translated to one.
    Status,
    /// Not a time.
    Time,
}

impl Flaw {
    /// In lower case, with underscores.
    ///
    /// See [`Flaw`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::TooLong => "too_long",
            Self::Encoding => "encoding",
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Reference => "reference",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::Time => "time",
        }
    }
}

/// What is said of the row or of its field: it follows where it is.
impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Row => "is not a row: it takes as many cells as the header, or one JSON object",
            Self::TooLong => "is longer than 64 KiB: is there a quote that is never closed?",
            Self::Encoding => "is not UTF-8",
            Self::Missing => "is empty",
            Self::Repeated => "is there twice, so nobody can say which one counts",
            Self::Reference => "is neither a text nor a number",
            Self::Amount => "is not an amount of its currency, written as the layout says",
            Self::Currency => "is not the code of a currency with minor units, such as EUR",
            Self::Status => "is a word that stands for no status: translate it with Layout::word",
            Self::Time => "is not a time as the layout says",
        })
    }
}

/// A row that cannot be read. It says where, and nothing of what stands there: it may be a card number in
/// the wrong column.
///
/// ```
/// use steadfast_payments::reconciliation::{Amounts, CsvRows, Flaw, Layout, RowError, Times};
///
/// let file = "reference,amount,currency,status,time\norder-1,12.345,EUR,captured,1700000000\n";
/// let mut rows = CsvRows::open(file.as_bytes(), &Layout::new(Amounts::Decimals, Times::UnixSeconds))?;
/// let Some(Err(RowError::Bad(bad))) = rows.next() else { panic!("euros have two decimals") };
/// assert_eq!((bad.line, bad.column.as_deref(), bad.flaw), (2, Some("amount"), Flaw::Amount));
/// assert_eq!(
///     bad.to_string(),
///     "line 2, column `amount`: it is not an amount of its currency, written as the layout says"
/// );
/// # Ok::<(), steadfast_payments::reconciliation::ReadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadRow {
    /// The line of the file where the row begins, counted from 1, with the header.
    pub line: u64,
    /// The column as the layout names it, where it is one column that is wrong.
    pub column: Option<Arc<str>>,
    /// What is wrong.
    pub flaw: Flaw,
}

impl BadRow {
    /// One that a source of your own found: a cursor whose row lacks something. `line` is its number there.
    ///
    /// ```
    /// use steadfast_payments::reconciliation::{BadRow, Flaw};
    ///
    /// let bad = BadRow::new(7, Some("state"), Flaw::Status);
    /// assert!(bad.to_string().starts_with("line 7, column `state`: it is a word that stands for no status"));
    /// ```
    pub fn new(line: u64, column: Option<&str>, flaw: Flaw) -> Self {
        Self { line, column: column.map(Arc::from), flaw }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": it {}", self.flaw)
    }
}

impl StdError for BadRow {}

/// Why a source has no next row.
///
/// See [`BadRow`] for an example.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RowError {
    /// This row cannot be read; those behind it can. What is done about it says
    /// [`BadRows`](super::super::BadRows).
    #[error("{0}")]
    Bad(#[from] BadRow),
    /// The source failed: the disk, the database, or a row without an end. Nothing can be said about the
    /// rows that were not read, so the reconciliation stops.
    #[error("the source failed: {0}")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

impl RowError {
    /// The source failed with this error, such as that of a database.
    ///
    /// ```
    /// use steadfast_payments::reconciliation::RowError;
    ///
    /// let error = RowError::failed("the cursor was closed");
    /// assert_eq!(error.to_string(), "the source failed: the cursor was closed");
    /// ```
    pub fn failed(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

impl From<io::Error> for RowError {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

/// What a source yields: a [`Row`], or a result of one, with any error that a [`RowError`] can be made of.
///
/// ```
/// use std::time::SystemTime;
/// use steadfast_payments::reconciliation::{IntoRow, Row, RowError, Status};
/// use steadfast_payments::{Currency, Money};
///
/// let row = Row::new("order-17", Money::new(1250, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
/// assert!(row.clone().into_row().is_ok());
/// assert!(Ok::<_, RowError>(row).into_row().is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of a ledger",
    label = "a source yields `Row` or `Result<Row, RowError>`",
    note = "map what your cursor yields: `.map(|row| to_row(row?))`, with errors made into `RowError::failed(error)`"
)]
pub trait IntoRow {
    /// The row, or why there is none.
    ///
    /// # Errors
    /// When the source has none to give.
    ///
    /// See [`IntoRow`] for an example.
    fn into_row(self) -> Result<Row, RowError>;
}

impl IntoRow for Row {
    fn into_row(self) -> Result<Row, RowError> {
        Ok(self)
    }
}

impl<E: Into<RowError>> IntoRow for Result<Row, E> {
    fn into_row(self) -> Result<Row, RowError> {
        self.map_err(Into::into)
    }
}

/// Why a file cannot be read at all.
///
/// ```
/// use steadfast_payments::reconciliation::{Amounts, CsvRows, Layout, ReadError, Times};
///
/// let layout = Layout::new(Amounts::Decimals, Times::Rfc3339).reference("payment");
/// let error = CsvRows::open("id,amount\n".as_bytes(), &layout).unwrap_err();
/// assert!(matches!(&error, ReadError::NoColumn(column) if &**column == "payment"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The header does not have a column that the layout names.
    #[error("the header has no column `{0}`: name the file's own columns in the layout")]
    NoColumn(Arc<str>),
    /// The header has a column twice, and nobody can say which one counts.
    #[error("the header has two columns `{0}`: which one counts?")]
    TwoColumns(Arc<str>),
    /// The header cannot be read.
    #[error("the header cannot be read: {0}")]
    Header(#[source] Box<dyn StdError + Send + Sync>),
}
