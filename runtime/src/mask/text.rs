//! Bytes that may be read anywhere, also past their ends.

use super::MASKED;

/// A text's bytes. Reading past an end gives 0, which is neither a digit nor a letter.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    pub(super) fn at(self, index: usize) -> u8 {
        #[cfg(test)]
        work::count();
        match self.0.get(index) {
            Some(byte) => *byte,
            None => 0,
        }
    }

    pub(super) fn before(self, index: usize) -> u8 {
        index.checked_sub(1).map_or(0, |before| self.at(before))
    }

    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// All of it. Whoever reads more of it than a constant must read it once.
    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The end of the run of digits that begins at `start`, looked for up to `limit` digits.
    pub(super) fn digits_end(self, start: usize, limit: usize) -> usize {
        let mut end = start;
        while end - start < limit && self.at(end).is_ascii_digit() {
            end += 1;
        }
        end
    }

    /// Whether the byte here belongs to a word of letters and digits.
    pub(super) fn is_word(self, index: usize) -> bool {
        self.at(index).is_ascii_alphanumeric()
    }

    pub(super) fn is_word_before(self, index: usize) -> bool {
        self.before(index).is_ascii_alphanumeric()
    }

    /// Whether this begins as a masked card number does.
    pub(super) fn is_masked(self, index: usize) -> bool {
        (index..index + STARS).all(|i| self.at(i) == b'*')
    }

    /// Whether what stands here is there in place of something masked.
    pub(super) fn is_replaced(self, index: usize) -> bool {
        MASKED.bytes().zip(index..).all(|(byte, i)| self.at(i) == byte)
    }

    /// Whether what ends here is the stars of a masked card number.
    pub(super) fn is_masked_before(self, index: usize) -> bool {
        index >= STARS && self.is_masked(index - STARS)
    }
}

/// The shortest card number has 12 digits, and 4 of them are kept.
const STARS: usize = 8;

/// Counts the bytes that are looked at, so that a test can say how much work an input costs.
#[cfg(test)]
pub(super) mod work {
    use std::cell::Cell;

    thread_local!(static READS: Cell<usize> = const { Cell::new(0) });

    pub(super) fn count() {
        READS.with(|reads| reads.set(reads.get() + 1));
    }

    pub(in crate::mask) fn take() -> usize {
        READS.take()
    }
}
