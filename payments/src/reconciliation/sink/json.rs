//! Findings for programs: JSON lines.

use std::io::{self, Write};

use serde::Serialize;

use super::super::decision::Finding;
use super::super::read::rfc3339;
use super::super::row::Row;
use super::super::side::Side;
use super::{Event, Sink};

/// Writes a JSON object for each finding, each on its line.
///
/// Amounts are whole numbers of minor units. Hand in a `BufWriter`; it is flushed at the end.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::reconciliation::{BadRows, JsonSink, Reconciliation, Row, Status};
/// use steadfast_payments::{Currency, Money};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let row = Row::new("order-1", Money::new(500, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
/// let mut lines = Vec::new();
/// let plan = Reconciliation::new(Duration::from_secs(3600), BadRows::Stop);
/// plan.compare(SystemTime::now(), [row], Vec::<Row>::new(), &mut JsonSink::new(&mut lines))?;
/// assert_eq!(
///     String::from_utf8(lines)?,
///     concat!(
///         r#"{"event":"found","item":1,"class":"missing_gateway","reference":"order-1","internal_rows":1,"#,
///         r#""gateway_rows":0,"internal":[{"row":1,"minor":500,"currency":"EUR","status":"captured","#,
///         r#""fee":null,"time":"1970-01-01T00:00:00Z"}],"gateway":[]}"#,
///         "\n"
///     )
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JsonSink<W> {
    writer: W,
}

#[derive(Serialize)]
struct FindingLine<'a> {
    event: &'a str,
    item: u64,
    class: &'a str,
    reference: &'a str,
    internal_rows: u64,
    gateway_rows: u64,
    internal: Vec<RowPart>,
    gateway: Vec<RowPart>,
}

#[derive(Serialize)]
struct RowPart {
    row: u64,
    minor: i64,
    currency: &'static str,
    status: &'static str,
    fee: Option<Fee>,
    time: String,
}

#[derive(Serialize)]
struct Fee {
    minor: i64,
    currency: &'static str,
}

#[derive(Serialize)]
struct BadRowLine<'a> {
    event: &'a str,
    side: &'a str,
    line: u64,
    column: Option<&'a str>,
    flaw: &'a str,
}

#[derive(Serialize)]
struct HandlerLine<'a> {
    event: &'a str,
    item: u64,
    class: &'a str,
    reference: &'a str,
    how: &'a str,
}

impl<W: Write> JsonSink<W> {
    /// Writes here.
    ///
    /// See [`JsonSink`] for an example.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.writer, line)?;
        self.writer.write_all(b"\n")
    }
}

fn line<'a>(finding: &Finding<'a>) -> FindingLine<'a> {
    FindingLine {
        event: "found",
        item: finding.item(),
        class: finding.class().as_str(),
        reference: finding.reference(),
        internal_rows: finding.count(Side::Internal),
        gateway_rows: finding.count(Side::Gateway),
        internal: finding.rows(Side::Internal).iter().map(part).collect(),
        gateway: finding.rows(Side::Gateway).iter().map(part).collect(),
    }
}

fn part(row: &Row) -> RowPart {
    RowPart {
        row: row.number(),
        minor: row.amount().minor(),
        currency: row.amount().currency().code(),
        status: row.status().as_str(),
        fee: row.fee().map(|fee| Fee { minor: fee.minor(), currency: fee.currency().code() }),
        time: rfc3339(row.at()).to_string(),
    }
}

impl<W: Write> Sink for JsonSink<W> {
    fn write(&mut self, event: Event<'_>) -> io::Result<()> {
        match event {
            Event::Found(finding) => self.line(&line(finding)),
            Event::BadRow(side, bad) => self.line(&BadRowLine {
                event: "bad_row",
                side: side.as_str(),
                line: bad.line,
                column: bad.column.as_deref(),
                flaw: bad.flaw.as_str(),
            }),
            Event::HandlerFailed(finding, failure) => self.line(&HandlerLine {
                event: "handler_failed",
                item: finding.item(),
                class: finding.class().as_str(),
                reference: finding.reference(),
                how: failure.as_str(),
            }),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
