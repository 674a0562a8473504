//! Findings for people.

use std::io::{self, Write};

use super::super::decision::Finding;
use super::super::row::Row;
use super::super::side::Side;
use super::{Event, Sink};

/// Writes a line for each finding, for people.
///
/// Control characters in a reference are written as escapes: whoever names payments does not command the
/// terminal they are read on. Hand in a `BufWriter`; it is flushed at the end.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::reconciliation::{BadRows, Reconciliation, Row, Status, TextSink};
/// use steadfast_payments::{Currency, Money};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let row = |reference: &str, minor| {
///     Row::new(reference, Money::new(minor, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH)
/// };
/// let mut lines = Vec::new();
/// let plan = Reconciliation::new(Duration::from_secs(3600), BadRows::Stop);
/// let (internal, gateway) = ([row("a", 500), row("b", 900)], [row("a", 700)]);
/// plan.compare(SystemTime::now(), internal, gateway, &mut TextSink::new(&mut lines))?;
/// assert_eq!(
///     String::from_utf8(lines)?,
///     "amount_mismatch a: internal 5.00 EUR captured (row 1); gateway 7.00 EUR captured (row 1)\n\
///      missing_gateway b: internal 9.00 EUR captured (row 2)\n"
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TextSink<W> {
    writer: W,
}

impl<W: Write> TextSink<W> {
    /// Writes here.
    ///
    /// See [`TextSink`] for an example.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }

    fn finding(&mut self, finding: &Finding<'_>) -> io::Result<()> {
        write!(self.writer, "{} {}:", finding.class().as_str(), finding.reference().escape_debug())?;
        let mut between = "";
        for side in Side::BOTH {
            let mut before = side.as_str();
            for row in finding.rows(side) {
                write!(self.writer, "{between} {before} ")?;
                self.row(row)?;
                (before, between) = ("and", "");
            }
            let unsaid = finding.count(side) - finding.rows(side).len() as u64;
            if unsaid > 0 {
                write!(self.writer, " and {unsaid} more")?;
            }
            if finding.count(side) > 0 {
                between = ";";
            }
        }
        writeln!(self.writer)
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        write!(self.writer, "{} {}", row.amount(), row.status().as_str())?;
        if let Some(fee) = row.fee() {
            write!(self.writer, ", fee {fee}")?;
        }
        write!(self.writer, " (row {})", row.number())
    }
}

impl<W: Write> Sink for TextSink<W> {
    fn write(&mut self, event: Event<'_>) -> io::Result<()> {
        match event {
            Event::Found(finding) => self.finding(finding),
            Event::BadRow(side, bad) => writeln!(self.writer, "bad_row {}: {bad}", side.as_str()),
            Event::HandlerFailed(finding, failure) => {
                write!(self.writer, "handler_{} for ", failure.as_str())?;
                self.finding(finding)
            }
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
