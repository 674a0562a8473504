//! Findings for spreadsheets: CSV.

use std::io::{self, Write};

use csv::Writer;

use super::super::decision::Finding;
use super::super::read::rfc3339;
use super::super::row::Row;
use super::super::side::Side;
use super::{Event, Sink};

const HEADER: [&str; 12] = [
    "item",
    "event",
    "side",
    "row",
    "rows",
    "reference",
    "amount",
    "currency",
    "status",
    "fee",
    "fee_currency",
    "time",
];

/// Writes a CSV line for each row of each finding.
///
/// `event` is the class, `bad_row`, `handler_failed` or `handler_panicked`. Rows of one finding share their `item`. Amounts are
/// decimals of their currency. `rows` is how many rows the line stands for: 1, but for `too_many`, of which each
/// side has one line with its first row. Of a bad row, `row` is its line in the file, `reference` the column, and `status`
/// what is wrong. Cells are written as they are: a reference that begins with `=` is a formula to a spreadsheet
/// that is told to take it for one.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::reconciliation::{BadRows, CsvSink, Reconciliation, Row, Status};
/// use steadfast_payments::{Currency, Money};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let row = Row::new("order-1", Money::new(500, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
/// let mut lines = Vec::new();
/// let plan = Reconciliation::new(Duration::from_secs(3600), BadRows::Stop);
/// plan.compare(SystemTime::now(), [row], Vec::<Row>::new(), &mut CsvSink::new(&mut lines))?;
/// assert_eq!(
///     String::from_utf8(lines)?,
///     "item,event,side,row,rows,reference,amount,currency,status,fee,fee_currency,time\n\
///      1,missing_gateway,internal,1,1,order-1,5.00,EUR,captured,,,1970-01-01T00:00:00Z\n"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CsvSink<W: Write> {
    writer: Writer<W>,
    began: bool,
}

impl<W: Write> CsvSink<W> {
    /// Writes here. It has a buffer of its own, which is written out at the end.
    ///
    /// See [`CsvSink`] for an example.
    pub fn new(writer: W) -> Self {
        Self { writer: Writer::from_writer(writer), began: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.began, true) {
            self.writer.write_record(HEADER).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn line(&mut self, cells: [&str; HEADER.len()]) -> io::Result<()> {
        self.begin()?;
        self.writer.write_record(cells).map_err(io::Error::other)
    }

    fn finding(&mut self, finding: &Finding<'_>, event: &str) -> io::Result<()> {
        for side in Side::BOTH {
            // Of too many rows, one stands for all.
            let stands_for = finding.count(side) + 1 - (finding.rows(side).len() as u64).min(finding.count(side));
            for row in finding.rows(side) {
                self.row([finding.item(), stands_for], event, side, row)?;
            }
        }
        Ok(())
    }

    fn row(&mut self, [item, rows]: [u64; 2], event: &str, side: Side, row: &Row) -> io::Result<()> {
        let [item, rows, number] = [item, rows, row.number()].map(|number| number.to_string());
        let (amount, fee) = (decimals(row.amount()), row.fee().map(decimals).unwrap_or_default());
        let currency = row.amount().currency().code();
        let fee_currency = row.fee().map_or("", |fee| fee.currency().code());
        let time = rfc3339(row.at()).to_string();
        let (side, status, reference) = (side.as_str(), row.status().as_str(), row.reference());
        self.line([&item, event, side, &number, &rows, reference, &amount, currency, status, &fee, fee_currency, &time])
    }
}

fn decimals(amount: crate::money::Money) -> String {
    super::super::report::decimals(i128::from(amount.minor()), amount.currency())
}

impl<W: Write> Sink for CsvSink<W> {
    fn write(&mut self, event: Event<'_>) -> io::Result<()> {
        match event {
            Event::Found(finding) => self.finding(finding, finding.class().as_str()),
            Event::BadRow(side, bad) => {
                let column = bad.column.as_deref().unwrap_or_default();
                let line = bad.line.to_string();
                let flaw = bad.flaw.as_str();
                self.line(["", "bad_row", side.as_str(), &line, "1", column, "", "", flaw, "", "", ""])
            }
            Event::HandlerFailed(finding, failure) => self.finding(finding, &format!("handler_{}", failure.as_str())),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.begin()?;
        self.writer.flush()
    }
}
