//! A ledger in JSON lines.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::row::Row;
use super::MAX_ROW_BYTES;
use super::bad_row::{BadRow, Flaw, RowError};
use super::layout::{Layout, Part, PartFlaw, Texts};

/// The rows of a file with one JSON object on each line.
///
/// Fields are those of the layout, in any order and among others. A reference, an amount, a fee and a time may be
/// a number or a text; a number is read digit by digit and never becomes a float, so `0.1` is ten cents. `null` is the
/// same as no field. Empty lines are passed over. A field that is there twice is a mistake: readers differ in
/// which one they take.
///
/// It is an iterator, for [`compare`](super::super::Reconciliation::compare).
///
/// ```
/// use steadfast_payments::reconciliation::{Amounts, JsonLines, Layout, Times};
///
/// let file = r#"{"reference":"order-1","amount":0.1,"currency":"EUR","status":"captured","time":1700000000}"#;
/// let layout = Layout::new(Amounts::Decimals, Times::UnixSeconds);
/// let rows = JsonLines::open(file.as_bytes(), &layout).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(rows[0].amount().to_string(), "0.10 EUR");
/// # Ok::<(), steadfast_payments::reconciliation::RowError>(())
/// ```
#[derive(Debug)]
pub struct JsonLines<R> {
    reader: BufReader<R>,
    layout: Layout,
    line: u64,
    text: Vec<u8>,
}

impl<R: Read> JsonLines<R> {
    /// The rows of this file.
    ///
    /// See [`JsonLines`] for an example.
    pub fn open(reader: R, layout: &Layout) -> Self {
        Self { reader: BufReader::new(reader), layout: layout.clone(), line: 0, text: Vec::new() }
    }

    /// The next line into `text`; false at the end.
    fn next_line(&mut self) -> std::io::Result<bool> {
        self.text.clear();
        self.line += 1;
        let mut limited = self.reader.by_ref().take(MAX_ROW_BYTES + 1);
        Ok(limited.read_until(b'\n', &mut self.text)? > 0)
    }

    /// What is left of a line that is too long.
    fn pass_over(&mut self) -> std::io::Result<()> {
        self.reader.skip_until(b'\n').map(|_| ())
    }

    fn read(&self) -> Result<Row, (Option<Part>, Flaw)> {
        let text = std::str::from_utf8(&self.text).map_err(|_| (None, Flaw::Encoding))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = json.deserialize_map(Fields(&self.layout)).map_err(|_| (None, Flaw::Row))?;
        json.end().map_err(|_| (None, Flaw::Row))?;
        let texts = fields.map_err(|(part, flaw)| (Some(part), flaw))?;
        let borrowed = Texts(texts.each_ref().map(|text| text.as_deref().unwrap_or_default()));
        self.layout.row(&borrowed).map_err(|(part, flaw)| (Some(part), flaw))
    }
}

impl<R: Read> Iterator for JsonLines<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_line() {
                Ok(true) if self.text.trim_ascii().is_empty() => {}
                Ok(true) => break,
                Ok(false) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
        let line = self.line;
        if self.text.len() as u64 > MAX_ROW_BYTES {
            let bad = BadRow { line, column: None, flaw: Flaw::TooLong };
            let behind = if self.text.ends_with(b"\n") { Ok(()) } else { self.pass_over() };
            return Some(Err(behind.map_or_else(RowError::from, |()| bad.into())));
        }
        Some(self.read().map_err(|(part, flaw)| {
            let column = part.and_then(|part| self.layout.name(part).cloned());
            RowError::Bad(BadRow { line, column, flaw })
        }))
    }
}

type Found<'a> = [Option<Cow<'a, str>>; Part::ALL.len()];

/// Finds the layout's fields in an object.
struct Fields<'l>(&'l Layout);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Result<Found<'de>, PartFlaw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Found<'de> = Default::default();
        let mut seen = [false; Part::ALL.len()];
        let mut flaw = None;
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let parts = Part::ALL.into_iter().filter(|part| self.0.name(*part).is_some_and(|this| **this == *name.0));
            let parts: Vec<Part> = parts.collect();
            if parts.is_empty() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<&'de RawValue>()?;
            for part in parts {
                let read = if seen[part as usize] { Err(Flaw::Repeated) } else { text(part, value.get()) };
                seen[part as usize] = true;
                match read {
                    Ok(text) => found[part as usize] = text,
                    Err(this) => flaw = flaw.or(Some((part, this))),
                }
            }
        }
        Ok(flaw.map_or(Ok(found), Err))
    }
}

/// A JSON text, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What a field says, as text. A number keeps its digits.
fn text(part: Part, raw: &str) -> Result<Option<Cow<'_, str>>, Flaw> {
    let wrong = match part {
        Part::Reference => Flaw::Reference,
        Part::Amount | Part::Fee => Flaw::Amount,
        Part::Currency => Flaw::Currency,
        Part::Status => Flaw::Status,
        Part::Time => Flaw::Time,
    };
    let number = !matches!(part, Part::Currency | Part::Status);
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Text<'_>>(raw).map(|text| Some(text.0)).map_err(|_| wrong),
        Some(b'-' | b'0'..=b'9') if number => Ok(Some(Cow::Borrowed(raw))),
        _ if raw == "null" => Ok(None),
        _ => Err(wrong),
    }
}
