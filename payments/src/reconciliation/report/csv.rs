//! A report for spreadsheets.

use std::io::{self, Write};

use super::{Class, Report, Side, Totals, decimals};

impl Report {
    /// Writes a line for each class, side and currency that has rows: `class,side,rows,currency,sum`, with the
    /// sums as decimals. The lines of class `input` are what came in; the others add up to them. Bad rows and failed
    /// handlers follow, by what was wrong.
    ///
    /// # Errors
    /// When it cannot be written.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use steadfast_payments::reconciliation::{BadRows, Discard, Reconciliation, Row, Status};
    /// use steadfast_payments::{Currency, Money};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row = Row::new("order-1", Money::new(500, Currency::EUR), Status::Captured, SystemTime::UNIX_EPOCH);
    /// let plan = Reconciliation::new(Duration::from_secs(3600), BadRows::Stop);
    /// let report = plan.compare(SystemTime::now(), [row], Vec::<Row>::new(), &mut Discard)?;
    /// let mut file = Vec::new();
    /// report.write_csv(&mut file)?;
    /// assert_eq!(
    ///     String::from_utf8(file)?,
    ///     "class,side,rows,currency,sum\ninput,internal,1,EUR,5.00\nmissing_gateway,internal,1,EUR,5.00\n"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_csv(&self, writer: impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(["class", "side", "rows", "currency", "sum"])?;
        for side in Side::BOTH {
            lines(&mut writer, "input", side, self.input(side))?;
        }
        for class in Class::ALL {
            for side in Side::BOTH {
                lines(&mut writer, class.as_str(), side, self.totals(class, side))?;
            }
        }
        for side in Side::BOTH {
            for (flaw, rows) in &self.notes.bad_rows[side] {
                let what = format!("bad_row:{}", flaw.as_str());
                writer.write_record([&what, side.as_str(), &rows.to_string(), "", ""])?;
            }
        }
        for (class, times) in &self.notes.handler_failures {
            let what = format!("handler_failed:{}", class.as_str());
            writer.write_record([&what, "", &times.to_string(), "", ""])?;
        }
        writer.flush()
    }
}

fn lines<W: Write>(writer: &mut csv::Writer<W>, what: &str, side: Side, totals: &Totals) -> io::Result<()> {
    for sum in totals.sums() {
        let (rows, decimals) = (sum.rows.to_string(), decimals(sum.minor, sum.currency));
        writer.write_record([what, side.as_str(), &rows, sum.currency.code(), &decimals])?;
    }
    Ok(())
}
