//! Objects: written as their entries come, and put in order at their end.

use std::cmp::Ordering;

use serde::Serialize;

use super::text::{by_utf16, is_plain, prefix};
use super::{Error, Mode, Writer};

/// Where an entry stands in the output: the quoted key, a colon, and the value, from `start` to
/// `end`.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    /// The key's first eight bytes, as a number that sorts as they do. It decides most comparisons
    /// of keys that are plain.
    prefix: u64,
    start: usize,
    end: usize,
}

impl Entry {
    /// The escaped key, without its quotes.
    fn key<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        let quoted = &out[self.start + 1..self.end];
        let mut escaped = false;
        let end = quoted.iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        &quoted[..end.unwrap_or(quoted.len())]
    }

    /// The order of plain keys.
    #[inline]
    fn order(&self, other: &Self, out: &[u8]) -> Ordering {
        // No key holds a zero byte, so a shorter one has another prefix.
        match self.prefix.cmp(&other.prefix) {
            Ordering::Equal => self.order_of_keys(other, out),
            differ => differ,
        }
    }

    #[cold]
    fn order_of_keys(&self, other: &Self, out: &[u8]) -> Ordering {
        self.key(out).cmp(other.key(out))
    }
}

/// The entries of the objects that are open, innermost last. The first few need no allocation.
#[derive(Default)]
pub(super) struct Entries {
    few: [Entry; 8],
    len: usize,
    /// All of them, while they are not few.
    many: Vec<Entry>,
}

impl Entries {
    fn len(&self) -> usize {
        if self.many.is_empty() { self.len } else { self.many.len() }
    }

    fn from(&mut self, first: usize) -> &mut [Entry] {
        let all = if self.many.is_empty() { &mut self.few[..self.len] } else { &mut self.many[..] };
        &mut all[first..]
    }

    // The parts of an entry, and not one: it would be put together on the stack before it is copied
    // to its place, and the processor waits for what it has just written in other pieces.
    #[inline]
    fn push(&mut self, prefix: u64, start: usize, end: usize) {
        match self.few.get_mut(self.len) {
            Some(slot) if self.many.is_empty() => {
                *slot = Entry { prefix, start, end };
                self.len += 1;
            }
            _ => self.push_many(prefix, start, end),
        }
    }

    #[cold]
    fn push_many(&mut self, prefix: u64, start: usize, end: usize) {
        if self.many.is_empty() {
            self.many.extend_from_slice(&self.few);
        }
        self.many.push(Entry { prefix, start, end });
        // So that the few are empty when the many have gone.
        self.len = 0;
    }

    fn truncate(&mut self, len: usize) {
        if self.many.is_empty() {
            self.len = len;
        } else {
            self.many.truncate(len);
        }
    }
}

/// An object that is open.
pub(crate) struct Mark {
    content: usize,
    first: usize,
    /// So far the keys came in their order, and the prefixes alone say so.
    sorted: bool,
    /// So far all keys sort by their bytes as they do by their UTF-16.
    plain: bool,
    /// The prefix of the last key.
    last: u64,
}

/// A key that waits for its value.
pub(super) struct Pending {
    prefix: u64,
    start: usize,
}

impl Writer {
    pub(crate) fn open(&mut self) -> Result<Mark, Error> {
        self.deeper()?;
        self.out.push(b'{');
        let (content, first) = (self.out.len(), self.entries.len());
        Ok(Mark { content, first, sorted: true, plain: true, last: 0 })
    }

    #[inline]
    pub(crate) fn entry<T: Serialize + ?Sized>(&mut self, mark: &mut Mark, key: &str, value: &T) -> Result<(), Error> {
        let pending = self.text_key(mark, key);
        self.value(pending, value)
    }

    fn text_key(&mut self, mark: &mut Mark, key: &str) -> Pending {
        let start = self.next(mark);
        let plain = self.quoted(key, *b"\":");
        mark.follow(prefix(key.as_bytes()), plain);
        Pending { prefix: mark.last, start }
    }

    /// A key that is not text yet.
    pub(super) fn key(
        &mut self,
        mark: &mut Mark,
        write: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Pending, Error> {
        let start = self.next(mark);
        write(self)?;
        let quoted = &self.out[start..];
        let key = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        mark.follow(prefix(key), is_plain(key));
        self.out.push(b':');
        Ok(Pending { prefix: mark.last, start })
    }

    /// Where the next entry begins.
    #[inline]
    fn next(&mut self, mark: &Mark) -> usize {
        if self.out.len() > mark.content {
            self.out.push(b',');
        }
        self.out.len()
    }

    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, key: Pending, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self)?;
        self.entries.push(key.prefix, key.start, self.out.len());
        Ok(())
    }

    pub(crate) fn close(&mut self, mark: &Mark) -> Result<(), Error> {
        if !mark.sorted {
            self.sort(mark)?;
        }
        self.entries.truncate(mark.first);
        self.out.push(b'}');
        self.up();
        Ok(())
    }

    fn sort(&mut self, mark: &Mark) -> Result<(), Error> {
        let Self { out, entries, .. } = self;
        let ours = entries.from(mark.first);
        let twice = if mark.plain {
            ours.sort_unstable_by(|a, b| a.order(b, out));
            ours.windows(2).any(|pair| pair[0].order(&pair[1], out).is_eq())
        } else {
            let order = |a: &Entry, b: &Entry| by_utf16(a.key(out), b.key(out));
            ours.sort_unstable_by(order);
            ours.windows(2).any(|pair| order(&pair[0], &pair[1]).is_eq())
        };
        if twice {
            return Err(Error::new("an object has one key twice"));
        }
        if self.mode == Mode::Canonical {
            self.rearrange(mark);
        }
        Ok(())
    }

    /// The entries in their sorted order: the same bytes in another sequence, made behind them and
    /// moved into their place, each with the comma in front of it. The first one borrows the place
    /// of the brace for its comma.
    fn rearrange(&mut self, mark: &Mark) {
        let Self { out, entries, .. } = self;
        let (brace, end) = (mark.content - 1, out.len());
        out.reserve(end - brace);
        out[brace] = b',';
        for entry in entries.from(mark.first) {
            out.extend_from_within(entry.start - 1..entry.end);
        }
        out.copy_within(end.., brace);
        out.truncate(end);
        out[brace] = b'{';
    }
}

impl Mark {
    /// A key follows those before.
    #[inline]
    fn follow(&mut self, prefix: u64, plain: bool) {
        // The empty key's prefix is zero too: where it comes first, it is looked at again.
        self.sorted &= plain && self.last < prefix;
        self.plain &= plain;
        self.last = prefix;
    }
}
