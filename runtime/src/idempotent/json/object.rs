//! Objects: written as their entries come, and put in order at their end.

use std::cmp::Ordering;

use serde::Serialize;

use super::text::{by_utf16, is_plain};
use super::{Error, Mode, Writer};

/// Where an entry stands in the output: the quoted key from `start` to `key_end`, then a colon,
/// then the value up to `end`.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    start: usize,
    key_end: usize,
    end: usize,
    plain: bool,
}

impl Entry {
    fn key<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        &out[self.start + 1..self.key_end - 1]
    }

    fn order(&self, other: &Self, out: &[u8]) -> Ordering {
        let (a, b) = (self.key(out), other.key(out));
        if self.plain && other.plain { a.cmp(b) } else { by_utf16(a, b) }
    }
}

/// An object that is open.
pub(crate) struct Mark {
    content: usize,
    first: usize,
}

/// A key that waits for its value.
pub(super) struct Pending {
    start: usize,
    key_end: usize,
}

impl Writer {
    pub(crate) fn open(&mut self) -> Result<Mark, Error> {
        self.deeper()?;
        self.out.push(b'{');
        Ok(Mark { content: self.out.len(), first: self.entries.len() })
    }

    pub(crate) fn entry<T: Serialize + ?Sized>(&mut self, mark: &Mark, key: &str, value: &T) -> Result<(), Error> {
        let pending = self.key(mark, |writer| {
            writer.string(key);
            Ok(())
        })?;
        self.value(pending, value)
    }

    pub(super) fn key(
        &mut self,
        mark: &Mark,
        write: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Pending, Error> {
        if self.out.len() > mark.content {
            self.out.push(b',');
        }
        let start = self.out.len();
        write(self)?;
        let key_end = self.out.len();
        self.out.push(b':');
        Ok(Pending { start, key_end })
    }

    pub(super) fn value<T: Serialize + ?Sized>(&mut self, key: Pending, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self)?;
        let Pending { start, key_end } = key;
        let plain = is_plain(&self.out[start..key_end]);
        self.entries.push(Entry { start, key_end, end: self.out.len(), plain });
        Ok(())
    }

    pub(crate) fn close(&mut self, mark: &Mark) -> Result<(), Error> {
        let Self { out, entries, .. } = self;
        let ours = &mut entries[mark.first..];
        if !ours.is_sorted_by(|a, b| a.order(b, out).is_lt()) {
            ours.sort_unstable_by(|a, b| a.order(b, out));
            if ours.windows(2).any(|pair| pair[0].order(&pair[1], out).is_eq()) {
                return Err(Error::new("an object has one key twice"));
            }
            if self.mode == Mode::Canonical {
                self.rearrange(mark);
            }
        }
        self.entries.truncate(mark.first);
        self.out.push(b'}');
        self.up();
        Ok(())
    }

    /// The entries in their sorted order: the same bytes in another sequence.
    fn rearrange(&mut self, mark: &Mark) {
        self.scratch.clear();
        for entry in &self.entries[mark.first..] {
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch.extend_from_slice(&self.out[entry.start..entry.end]);
        }
        self.out.truncate(mark.content);
        self.out.extend_from_slice(&self.scratch);
    }
}
