//! Where a row's parts stand in a file, and how they are written there.

use std::sync::Arc;

use super::super::row::{Row, Status};
use super::bad_row::Flaw;
use super::time;
use crate::money::{Currency, Money};

/// How a file writes amounts.
///
/// See [`Layout`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amounts {
    /// As decimals of the currency: `12.50`, `-12.50`. More decimals than the currency has are no amount.
    Decimals,
    /// As a whole number of the currency's minor units: `1250` for 12.50 EUR, `1250` for 1250 JPY.
    MinorUnits,
}

/// How a file writes times.
///
/// See [`Layout`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// `2026-05-03T17:04:00Z`, with decimals of a second or without, in UTC or with an offset.
    Rfc3339,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
}

/// Where a row's parts stand in a file: columns of a CSV file, fields of a JSON object.
///
/// | part | stands in, by default | otherwise |
/// |---|---|---|
/// | reference | `reference` | [`reference`](Self::reference) |
/// | amount, with its sign | `amount` | [`amount`](Self::amount) |
/// | currency | `currency` | [`currency`](Self::currency), or [`all_in`](Self::all_in) one |
/// | status | `status` | [`status`](Self::status), or [`all_are`](Self::all_are) one |
/// | time | `time` | [`time`](Self::time) |
/// | fee, in the row's currency | nowhere | [`fee`](Self::fee); where it is empty there is none |
///
/// How amounts and times are written must be said: read as the other, they would be wrong by a hundred or a
/// thousand, and still be numbers.
///
/// ```
/// use steadfast_payments::reconciliation::{Amounts, CsvRows, Layout, Status, Times};
/// use steadfast_payments::{Currency, Money};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = "payment;gross;fee;state;created\npi_1;12.50;0.31;succeeded;2026-05-03T17:04:00+02:00\n";
/// let layout = Layout::new(Amounts::Decimals, Times::Rfc3339)
///     .reference("payment")
///     .amount("gross")
///     .fee("fee")
///     .status("state")
///     .word("succeeded", Status::Captured)
///     .time("created")
///     .all_in(Currency::EUR);
///
/// let rows = CsvRows::delimited(file.as_bytes(), b';', &layout)?.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!((rows[0].reference(), rows[0].amount()), ("pi_1", Money::new(1250, Currency::EUR)));
/// assert_eq!((rows[0].status(), rows[0].fee()), (Status::Captured, Some(Money::new(31, Currency::EUR))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Layout {
    amounts: Amounts,
    times: Times,
    names: [Option<Arc<str>>; Part::ALL.len()],
    currency: Option<Currency>,
    status: Option<Status>,
    words: Vec<(String, Status)>,
}

/// A part of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Reference,
    Amount,
    Currency,
    Status,
    Fee,
    Time,
}

impl Part {
    pub(super) const ALL: [Self; 6] =
        [Self::Reference, Self::Amount, Self::Currency, Self::Status, Self::Fee, Self::Time];
}

/// What a row must be told of a mistake: which part, and what is wrong with it.
pub(super) type PartFlaw = (Part, Flaw);

/// The texts of a row's parts; empty where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Texts<'a>(pub(super) [&'a str; Part::ALL.len()]);

impl Texts<'_> {
    fn of(&self, part: Part) -> &str {
        self.0[part as usize]
    }

    fn required(&self, part: Part) -> Result<&str, PartFlaw> {
        let text = self.of(part);
        if text.is_empty() { Err((part, Flaw::Missing)) } else { Ok(text) }
    }
}

impl Layout {
    /// The columns `reference`, `amount`, `currency`, `status` and `time`, with amounts and times written so.
    ///
    /// See [`Layout`] for an example.
    pub fn new(amounts: Amounts, times: Times) -> Self {
        let names = ["reference", "amount", "currency", "status", "", "time"];
        let names = names.map(|name| (!name.is_empty()).then(|| Arc::from(name)));
        Self { amounts, times, names, currency: None, status: None, words: Vec::new() }
    }

    /// The column of what both ledgers know the payment by.
    ///
    /// See [`Layout`] for an example.
    pub fn reference(self, column: &str) -> Self {
        self.named(Part::Reference, column)
    }

    /// The column of the amount.
    ///
    /// See [`Layout`] for an example.
    pub fn amount(self, column: &str) -> Self {
        self.named(Part::Amount, column)
    }

    /// The column of the currency's code. It takes the place of [`all_in`](Self::all_in).
    ///
    /// ```
    /// use steadfast_payments::reconciliation::{Amounts, Layout, Times};
    ///
    /// let layout = Layout::new(Amounts::MinorUnits, Times::UnixMillis).currency("ccy");
    /// ```
    pub fn currency(mut self, column: &str) -> Self {
        self.currency = None;
        self.named(Part::Currency, column)
    }

    /// All amounts are in this currency, and no column says so.
    ///
    /// See [`Layout`] for an example.
    pub fn all_in(mut self, currency: Currency) -> Self {
        self.names[Part::Currency as usize] = None;
        self.currency = Some(currency);
        self
    }

    /// The column of the status. It takes the place of [`all_are`](Self::all_are).
    ///
    /// See [`Layout`] for an example.
    pub fn status(mut self, column: &str) -> Self {
        self.status = None;
        self.named(Part::Status, column)
    }

    /// All rows have this status, and no column says so: a report of what was settled.
    ///
    /// ```
    /// use steadfast_payments::reconciliation::{Amounts, Layout, Status, Times};
    ///
    /// let settled = Layout::new(Amounts::MinorUnits, Times::UnixMillis).all_are(Status::Captured);
    /// ```
    pub fn all_are(mut self, status: Status) -> Self {
        self.names[Part::Status as usize] = None;
        self.status = Some(status);
        self
    }

    /// A word of the file's own for a status, exactly as it is written there. The names of
    /// [`Status`] itself are understood without; a word that is given twice has its last meaning.
    ///
    /// See [`Layout`] for an example.
    pub fn word(mut self, word: &str, status: Status) -> Self {
        self.words.insert(0, (word.to_owned(), status));
        self
    }

    /// The column of the time.
    ///
    /// See [`Layout`] for an example.
    pub fn time(self, column: &str) -> Self {
        self.named(Part::Time, column)
    }

    /// The column of the fee, in the row's currency and written as its amount is.
    ///
    /// See [`Layout`] for an example.
    pub fn fee(self, column: &str) -> Self {
        self.named(Part::Fee, column)
    }

    fn named(mut self, part: Part, column: &str) -> Self {
        self.names[part as usize] = Some(Arc::from(column));
        self
    }

    /// Where a part stands; `None` where it stands nowhere.
    pub(super) fn name(&self, part: Part) -> Option<&Arc<str>> {
        self.names[part as usize].as_ref()
    }

    /// The row that these texts say.
    pub(super) fn row(&self, texts: &Texts<'_>) -> Result<Row, PartFlaw> {
        let reference = texts.required(Part::Reference)?;
        let currency = self.read_currency(texts)?;
        let amount = self.read_amount(Part::Amount, texts.required(Part::Amount)?, currency)?;
        let status = self.read_status(texts)?;
        let at = time::read(texts.required(Part::Time)?, self.times).ok_or((Part::Time, Flaw::Time))?;
        let row = Row::new(reference, amount, status, at);
        match texts.of(Part::Fee) {
            "" => Ok(row),
            fee => Ok(row.with_fee(self.read_amount(Part::Fee, fee, currency)?)),
        }
    }

    fn read_currency(&self, texts: &Texts<'_>) -> Result<Currency, PartFlaw> {
        match self.currency {
            Some(currency) => Ok(currency),
            None => {
                let code = texts.required(Part::Currency)?;
                Currency::from_code(code).map_err(|_| (Part::Currency, Flaw::Currency))
            }
        }
    }

    fn read_amount(&self, part: Part, text: &str, currency: Currency) -> Result<Money, PartFlaw> {
        let amount = match self.amounts {
            Amounts::Decimals => Money::parse(text, currency).ok(),
            Amounts::MinorUnits => whole(text).map(|minor| Money::new(minor, currency)),
        };
        amount.ok_or((part, Flaw::Amount))
    }

    fn read_status(&self, texts: &Texts<'_>) -> Result<Status, PartFlaw> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let text = texts.required(Part::Status)?;
        let own = self.words.iter().find(|(word, _)| word == text).map(|(_, status)| *status);
        own.or_else(|| Status::named(text)).ok_or((Part::Status, Flaw::Status))
    }
}

/// Digits, with a minus in front or without: `i64`'s own reading takes a plus as well.
pub(super) fn whole(text: &str) -> Option<i64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}
