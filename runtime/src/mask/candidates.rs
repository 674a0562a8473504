//! Where something may begin: the few places in a text at which it is worth looking closely.

use super::text::Text;

/// As many bytes are looked at together.
const BLOCK: usize = 32;
/// A block, with the byte before it and the two after it.
const WINDOW: usize = BLOCK + 3;

/// The starts of all runs of digits that can be something, in order: of three digits at least, and
/// not inside a word, unless its last letter may belong to a track or to an escaped line break.
/// Each block is read once, and the compiler makes it a few vector instructions.
pub(super) struct Candidates<'a> {
    text: Text<'a>,
    /// Where the next block begins.
    next: usize,
    /// The candidates that are left of the block before that, one bit for each byte.
    left: u32,
}

impl<'a> Candidates<'a> {
    pub(super) fn of(text: Text<'a>) -> Self {
        Self { text, next: 0, left: 0 }
    }
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            if self.next >= self.text.len() {
                return None;
            }
            self.left = candidates(&self.text.around(self.next));
            self.next += BLOCK;
        }
        let index = self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(self.next - BLOCK + index)
    }
}

/// A bit for each byte of the block in this window at which something may begin.
fn candidates(window: &[u8; WINDOW]) -> u32 {
    let mut marks = [0; BLOCK];
    let before = window.iter();
    let digits = window.iter().skip(1).zip(window.iter().skip(2)).zip(window.iter().skip(3));
    for (mark, (before, ((first, second), third))) in marks.iter_mut().zip(before.zip(digits)) {
        // Without an early exit: the compiler does 16 of them at once.
        let three = first.is_ascii_digit() & second.is_ascii_digit() & third.is_ascii_digit();
        *mark = u8::from(three & may_stand_before(*before));
    }
    bits(&marks)
}

/// Whether what begins after this byte can be anything.
fn may_stand_before(byte: u8) -> bool {
    let letter = byte | 0x20;
    let in_a_word = byte.is_ascii_digit() | letter.is_ascii_lowercase();
    // The letter of a track, or the last of `\n`, `\r` and `\t`.
    let may_end_here = (letter == b'b') | (letter == b'n') | (letter == b'r') | (letter == b't');
    !in_a_word | may_end_here
}

/// The lowest bit of each byte.
fn bits(marks: &[u8; BLOCK]) -> u32 {
    let (eights, _) = marks.as_chunks::<8>();
    // The product has the lowest bits of all eight bytes, in order, in its highest byte.
    let bits_of = |eight: &[u8; 8]| (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    eights.iter().rev().fold(0, |bits, eight| bits << 8 | bits_of(eight))
}

impl Text<'_> {
    /// The block at `start` with what stands around it; zeros where the text does not reach.
    fn around(self, start: usize) -> [u8; WINDOW] {
        let inside = start.checked_sub(1).and_then(|before| self.bytes().get(before..)?.first_chunk());
        inside.copied().unwrap_or_else(|| self.at_an_end(start))
    }

    fn at_an_end(self, start: usize) -> [u8; WINDOW] {
        let mut window = [0; WINDOW];
        let (first, room) = match start.checked_sub(1) {
            Some(before) => (before, window.as_mut_slice()),
            None => (0, window.get_mut(1..).unwrap_or_default()),
        };
        let bytes = self.bytes().get(first..).unwrap_or_default();
        room.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        window
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, one byte at a time.
    fn slowly(text: &str) -> Vec<usize> {
        let at = |i: usize| text.as_bytes().get(i).copied().unwrap_or(0);
        let is_start = |i: usize| {
            let before = i.checked_sub(1).map_or(0, at);
            (i..i + 3).all(|i| at(i).is_ascii_digit())
                && !before.is_ascii_digit()
                && (!before.is_ascii_alphabetic() || b"bnrtBNRT".contains(&before))
        };
        (0..text.len()).filter(|&i| is_start(i)).collect()
    }

    proptest! {
        #[test]
        fn blocks_find_what_is_found_one_byte_at_a_time(text in "([0-9]{0,5}[a-z\\\\ é-]{0,3}){0,40}") {
            prop_assert_eq!(Candidates::of(Text::new(&text)).collect::<Vec<_>>(), slowly(&text));
        }
    }
}
