//! A reader that ends a row which has no end.

use std::cell::Cell;
use std::io::{self, Read};

use super::MAX_ROW_BYTES;

/// Counts what was read since a row began, and fails beyond what a row may have. What is read ahead counts for
/// the row that it is read in, so a buffer in front of it must be small beside the limit.
#[derive(Debug)]
pub(super) struct Metered<R> {
    reader: R,
    since: Cell<u64>,
    /// That is no line break.
    last: Cell<u8>,
}

impl<R> Metered<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, since: Cell::new(0), last: Cell::new(0) }
    }

    pub(super) fn row_begins(&self) {
        self.since.set(0);
    }

    /// Whether what was read so far ends with a quote, line breaks aside.
    pub(super) fn ends_with_quote(&self) -> bool {
        self.last.get() == b'"'
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.since.get() >= MAX_ROW_BYTES
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_exhausted() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row is longer than 64 KiB"));
        }
        let read = self.reader.read(buffer)?;
        self.since.set(self.since.get().saturating_add(read as u64));
        let mut from_the_end = buffer.iter().take(read).rev();
        if let Some(last) = from_the_end.find(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.last.set(*last);
        }
        Ok(read)
    }
}
