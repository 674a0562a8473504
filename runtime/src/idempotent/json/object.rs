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
    /// The key's first eight bytes, as a number that sorts as they do. It decides most comparisons.
    prefix: u64,
    plain: bool,
}

impl Entry {
    fn new(Pending { start, key_end, plain }: Pending, out: &[u8]) -> Self {
        let prefix = prefix(&out[start + 1..], key_end - start - 2);
        Self { start, key_end, end: out.len(), prefix, plain }
    }

    fn key<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        &out[self.start + 1..self.key_end - 1]
    }

    fn order(&self, other: &Self, out: &[u8]) -> Ordering {
        if !(self.plain && other.plain) {
            return by_utf16(self.key(out), other.key(out));
        }
        // No key holds a zero byte, so a shorter one has another prefix.
        self.prefix.cmp(&other.prefix).then_with(|| self.key(out).cmp(other.key(out)))
    }
}

/// Of a key of this length, with what stands behind it.
fn prefix(key: &[u8], len: usize) -> u64 {
    let eight = match key.first_chunk() {
        Some(eight) => u64::from_be_bytes(*eight),
        None => key.iter().rev().fold(0, |prefix, &byte| prefix >> 8 | u64::from(byte) << 56),
    };
    match len {
        0 => 0,
        1..8 => eight & u64::MAX << (64 - 8 * len),
        _ => eight,
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
    plain: bool,
}

impl Writer {
    pub(crate) fn open(&mut self) -> Result<Mark, Error> {
        self.deeper()?;
        self.out.push(b'{');
        Ok(Mark { content: self.out.len(), first: self.entries.len() })
    }

    pub(crate) fn entry<T: Serialize + ?Sized>(&mut self, mark: &Mark, key: &str, value: &T) -> Result<(), Error> {
        let start = self.next(mark);
        let plain = self.string(key);
        let pending = self.pending(start, plain);
        self.value(pending, value)
    }

    /// A key that is not text yet.
    pub(super) fn key(
        &mut self,
        mark: &Mark,
        write: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Pending, Error> {
        let start = self.next(mark);
        write(self)?;
        let plain = is_plain(&self.out[start..]);
        Ok(self.pending(start, plain))
    }

    /// Where the next entry begins.
    fn next(&mut self, mark: &Mark) -> usize {
        if self.out.len() > mark.content {
            self.out.push(b',');
        }
        self.out.len()
    }

    fn pending(&mut self, start: usize, plain: bool) -> Pending {
        let key_end = self.out.len();
        self.out.push(b':');
        Pending { start, key_end, plain }
    }

    pub(super) fn value<T: Serialize + ?Sized>(&mut self, key: Pending, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self)?;
        self.entries.push(Entry::new(key, &self.out));
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

    /// The entries in their sorted order: the same bytes in another sequence, made behind them and
    /// moved into their place.
    fn rearrange(&mut self, mark: &Mark) {
        let Self { out, entries, .. } = self;
        let end = out.len();
        out.reserve(end - mark.content);
        for entry in &entries[mark.first..] {
            if out.len() > end {
                out.push(b',');
            }
            out.extend_from_within(entry.start..entry.end);
        }
        out.copy_within(end.., mark.content);
        out.truncate(end);
    }
}
