//! A ledger in CSV.

use std::io::Read;
use std::str;

use csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::super::row::Row;
use super::bad_row::{BadRow, Flaw, ReadError, RowError};
use super::layout::{Layout, Part, Texts};
use super::metered::Metered;

/// Read ahead, and so how much beyond a row's limit one may have.
const BUFFER: usize = 16 * 1024;

/// The rows of a CSV file with a header, one after the other.
///
/// The header names the columns, in any order and among others. Cells are taken as they are: a space is part
/// of a reference, and in an amount it is a mistake. A row of more than 64 KiB ends the reading, and so does a quote
/// that the file ends in: the rows behind it are text in a cell, and would be missed by nobody.
///
/// It is an iterator, for [`compare`](super::super::Reconciliation::compare).
///
/// ```no_run
/// use std::fs::File;
/// use steadfast_payments::reconciliation::{Amounts, CsvRows, Layout, Times};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let layout = Layout::new(Amounts::Decimals, Times::Rfc3339);
/// let gateway = CsvRows::open(File::open("settlement.csv")?, &layout)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CsvRows<R> {
    reader: Reader<Metered<R>>,
    layout: Layout,
    columns: [Option<usize>; Part::ALL.len()],
    width: usize,
    record: ByteRecord,
    /// The last cell of the last row has a line break in it, so it began with a quote.
    in_quotes: bool,
    ended: bool,
}

impl<R: Read> CsvRows<R> {
    /// A file whose cells are parted by commas.
    ///
    /// # Errors
    /// When the header cannot be read, or lacks a column of the layout.
    ///
    /// See [`CsvRows`] for an example.
    pub fn open(reader: R, layout: &Layout) -> Result<Self, ReadError> {
        Self::delimited(reader, b',', layout)
    }

    /// A file whose cells are parted by something else: `b';'`, `b'\t'`.
    ///
    /// # Errors
    /// When the header cannot be read, or lacks a column of the layout.
    ///
    /// See [`Layout`] for an example.
    pub fn delimited(reader: R, delimiter: u8, layout: &Layout) -> Result<Self, ReadError> {
        let metered = Metered::new(reader);
        let mut builder = ReaderBuilder::new();
        // The width is checked here: a row that is too short is one bad row, not the end.
        let mut reader = builder.delimiter(delimiter).flexible(true).buffer_capacity(BUFFER).from_reader(metered);
        let header = reader.byte_headers().map_err(|error| ReadError::Header(error.into()))?.clone();
        let columns = columns(&header, layout)?;
        let width = header.len();
        Ok(Self { reader, layout: layout.clone(), columns, width, record: header, in_quotes: false, ended: false })
    }

    fn read(&self, line: u64) -> Result<Row, BadRow> {
        let bad = |part: Option<Part>, flaw| BadRow {
            line,
            column: part.and_then(|part| self.layout.name(part).cloned()),
            flaw,
        };
        if self.record.len() != self.width {
            return Err(bad(None, Flaw::Row));
        }
        let mut texts = Texts::default();
        // All cells at once, which is cheaper; a cell by itself where another one is not UTF-8.
        let whole = str::from_utf8(self.record.as_slice());
        for (part, column) in Part::ALL.into_iter().zip(self.columns) {
            let Some(range) = column.and_then(|column| self.record.range(column)) else { continue };
            let cell = match whole {
                Ok(whole) => whole.get(range),
                Err(_) => self.record.as_slice().get(range).and_then(|cell| str::from_utf8(cell).ok()),
            };
            texts.0[part as usize] = cell.ok_or_else(|| bad(Some(part), Flaw::Encoding))?;
        }
        self.layout.row(&texts).map_err(|(part, flaw)| bad(Some(part), flaw))
    }
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.reader.get_ref().row_begins();
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {
                let line = self.record.position().map_or(line, Position::line);
                self.in_quotes = self.record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'));
                Some(self.read(line).map_err(RowError::Bad))
            }
            Ok(false) => {
                self.ended = true;
                let unclosed = self.in_quotes && !self.reader.get_ref().ends_with_quote();
                unclosed.then(|| Err(RowError::failed(UNCLOSED)))
            }
            Err(error) => {
                self.ended = true;
                let too_long = self.reader.get_ref().is_exhausted();
                Some(Err(if too_long { endless(line) } else { failed(error) }))
            }
        }
    }
}

const UNCLOSED: &str = "the last row begins a quote that the file does not close: rows may be hidden in it";

/// Nobody can say where the next row begins.
fn endless(line: u64) -> RowError {
    RowError::failed(BadRow { line, column: None, flaw: Flaw::TooLong })
}

fn failed(error: csv::Error) -> RowError {
    match error.into_kind() {
        ErrorKind::Io(error) => RowError::failed(error),
        _ => RowError::failed("the file is no CSV"),
    }
}

fn columns(header: &ByteRecord, layout: &Layout) -> Result<[Option<usize>; Part::ALL.len()], ReadError> {
    let mut columns = [None; Part::ALL.len()];
    for part in Part::ALL {
        let Some(name) = layout.name(part) else { continue };
        let mut found = header.iter().enumerate().filter(|(_, cell)| *cell == name.as_bytes());
        let (place, _) = found.next().ok_or_else(|| ReadError::NoColumn(name.clone()))?;
        if found.next().is_some() {
            return Err(ReadError::TwoColumns(name.clone()));
        }
        columns[part as usize] = Some(place);
    }
    Ok(columns)
}
