//! A report for people.

use std::fmt;

use super::super::read::rfc3339;
use super::{Class, Report, Side, Totals};
use crate::money::Currency;

pub(super) fn summary(report: &Report) -> String {
    let matched = report.count(Class::Matched) + report.count(Class::ManyToOne);
    let discrepancies = report.discrepancies();
    let mut line =
        format!("{matched}/{} matched, {}", report.items(), counted(discrepancies, "discrepancy", "discrepancies"));
    let mut before = ": ";
    for class in Class::ALL.into_iter().filter(|class| class.is_discrepancy() && report.count(*class) > 0) {
        line += &format!("{before}{} {}", report.count(class), class.as_str());
        before = ", ";
    }
    let bad_rows = Side::BOTH.into_iter().map(|side| report.bad_rows(side)).sum::<u64>();
    if report.count(Class::Pending) > 0 {
        line += &format!("; {} pending", report.count(Class::Pending));
    }
    if bad_rows > 0 {
        line += &format!("; {}", counted(bad_rows, "bad row", "bad rows"));
    }
    if report.handler_failures() > 0 {
        line += &format!("; {}", counted(report.handler_failures(), "failed handler", "failed handlers"));
    }
    line
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The summary, then a line for each class and currency.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        writeln!(f, "as of {}", rfc3339(self.now))?;
        for side in Side::BOTH {
            line(f, "input", side, self.input(side))?;
        }
        for class in Class::ALL {
            for side in Side::BOTH {
                line(f, class.as_str(), side, self.totals(class, side))?;
            }
        }
        for side in Side::BOTH {
            for (flaw, rows) in &self.notes.bad_rows[side] {
                writeln!(f, "{:<18} {:<9} {rows:>12} rows  {}", "bad_row", side.as_str(), flaw.as_str())?;
            }
        }
        for (class, times) in &self.notes.handler_failures {
            writeln!(f, "{:<18} {:<9} {times:>12} times {}", "handler_failed", "", class.as_str())?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, side: Side, totals: &Totals) -> fmt::Result {
    if totals.rows() == 0 {
        return Ok(());
    }
    let sums = totals.sums().iter().map(|sum| format!("{} {}", decimals(sum.minor, sum.currency), sum.currency));
    let sums: Vec<String> = sums.collect();
    writeln!(f, "{what:<18} {:<9} {:>12} rows  {}", side.as_str(), totals.rows(), sums.join(", "))
}

/// Minor units as decimals of their currency, also where the sum is larger than an amount can be.
pub(in super::super) fn decimals(minor: i128, currency: Currency) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (digits, exponent) = (minor.unsigned_abs(), currency.exponent());
    let scale = 10_u128.pow(exponent);
    match exponent as usize {
        0 => format!("{sign}{digits}"),
        places => format!("{sign}{}.{:0places$}", digits / scale, digits % scale),
    }
}
