//! A report for programs.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::read::rfc3339;
use super::{Class, Report, Side, Totals, decimals};

/// `{"summary", "as_of", "items", "discrepancies", "input", "classes", "bad_rows", "handler_failures"}`; every
/// class is there. Sums are decimals in a text: they may have more digits than readers of JSON keep of a number.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Document {
            summary: self.summary(),
            as_of: rfc3339(self.now).to_string(),
            items: self.items(),
            discrepancies: self.discrepancies(),
            input: Both::each(|side| SomeTotals(self.input(side))),
            classes: Classes(self),
            bad_rows: Both::each(|side| {
                self.notes.bad_rows[side].iter().map(|(flaw, rows)| (flaw.as_str(), *rows)).collect()
            }),
            handler_failures: self.notes.handler_failures.iter().map(|(class, n)| (class.as_str(), *n)).collect(),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    summary: String,
    as_of: String,
    items: u64,
    discrepancies: u64,
    input: Both<SomeTotals<'a>>,
    classes: Classes<'a>,
    bad_rows: Both<BTreeMap<&'static str, u64>>,
    handler_failures: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Both<T> {
    internal: T,
    gateway: T,
}

impl<T> Both<T> {
    fn each(make: impl Fn(Side) -> T) -> Self {
        Self { internal: make(Side::Internal), gateway: make(Side::Gateway) }
    }
}

struct Classes<'a>(&'a Report);

impl Serialize for Classes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut classes = serializer.serialize_map(Some(Class::ALL.len()))?;
        for class in Class::ALL {
            let sides = Both::each(|side| SomeTotals(self.0.totals(class, side)));
            classes.serialize_entry(class.as_str(), &OneClass { items: self.0.count(class), sides })?;
        }
        classes.end()
    }
}

#[derive(Serialize)]
struct OneClass<'a> {
    items: u64,
    #[serde(flatten)]
    sides: Both<SomeTotals<'a>>,
}

struct SomeTotals<'a>(&'a Totals);

impl Serialize for SomeTotals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sums: BTreeMap<_, _> =
            self.0.sums().iter().map(|sum| (sum.currency.code(), decimals(sum.minor, sum.currency))).collect();
        let mut totals = serializer.serialize_map(Some(2))?;
        totals.serialize_entry("rows", &self.0.rows())?;
        totals.serialize_entry("sums", &sums)?;
        totals.end()
    }
}
