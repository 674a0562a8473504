//! Verification codes and PINs: digits that only the words before them give away.

use std::ops::RangeInclusive;

use super::issuer::SHORTEST;
use super::text::Text;

/// How far before the digits their word may begin.
const REACH: usize = 48;
/// The longest word that is looked at.
const WORD: usize = 16;
/// How many words may stand between: `cvv code is Some(123)`.
const BETWEEN: usize = 3;

const VERIFICATION: RangeInclusive<usize> = 3..=4;
const PIN: RangeInclusive<usize> = 4..=12;

/// Whether the digits `start..end` are a code, by what stands before them.
pub(super) fn digits(text: Text<'_>, start: usize, end: usize) -> bool {
    let length = end - start;
    if !(*VERIFICATION.start()..=*PIN.end()).contains(&length) || text.is_word(end) || goes_on(text, end) {
        return false;
    }
    lengths_after_word(text, start).is_some_and(|lengths| lengths.contains(&length))
}

/// A date, a time, a decimal.
fn goes_on(text: Text<'_>, end: usize) -> bool {
    matches!(text.at(end), b'-' | b'.' | b':' | b'/') && is_part(text, end + 1)
}

/// Whether a part of one begins here: a few digits, or what is left of some that were masked. As many
/// as a card has are another number, which says nothing of this one.
fn is_part(text: Text<'_>, at: usize) -> bool {
    let digits = text.digits_end(at, SHORTEST) - at;
    (1..SHORTEST).contains(&digits) || text.is_masked(at) || text.is_replaced(at)
}

/// How many digits the code has that is named before `start`.
fn lengths_after_word(text: Text<'_>, start: usize) -> Option<RangeInclusive<usize>> {
    let limit = start.saturating_sub(REACH);
    let mut at = start;
    let mut code_said = false;
    for _ in 0..=BETWEEN {
        let word = Word::before(text, past_connectors(text, at, limit))?;
        if let Some(lengths) = word.names(code_said) {
            return Some(lengths);
        }
        if !word.is_one_of(FILLERS) {
            return None;
        }
        code_said |= word.is_one_of(&["code", "value"]);
        at = word.start;
    }
    None
}

/// Words that may stand between a code and its name.
const FILLERS: &[&str] = &["some", "ok", "set", "is", "was", "code", "number", "num", "no", "value", "val", "the"];

fn past_connectors(text: Text<'_>, mut at: usize, limit: usize) -> usize {
    while at > limit && is_connector(text.before(at)) {
        at -= 1;
    }
    at
}

const fn is_connector(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'\n'
            | b'\r'
            | b':'
            | b'='
            | b'"'
            | b'\''
            | b'`'
            | b'('
            | b'['
            | b'{'
            | b'<'
            | b'>'
            | b'\\'
            | b'#'
            | b','
            | b'-'
            | b'_'
            | b'|'
            | b'/'
    )
}

/// A word, or one of the words in a name such as `cardCvvCode`, in lower case.
struct Word {
    start: usize,
    letters: [u8; WORD],
}

impl Word {
    /// The word that ends here.
    fn before(text: Text<'_>, end: usize) -> Option<Self> {
        let mut letters = [0; WORD];
        let mut start = end;
        while text.is_word_before(start) {
            let place = letters.get_mut((WORD - 1).checked_sub(end - start)?)?;
            *place = text.before(start).to_ascii_lowercase();
            start -= 1;
            if is_hump(text, start) {
                break;
            }
        }
        (start < end).then_some(Self { start, letters })
    }

    fn is(&self, word: &str) -> bool {
        let (rest, tail) = self.letters.split_at(WORD - word.len().min(WORD));
        tail == word.as_bytes() && rest.last() == Some(&0)
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// The lengths of the code that this word names.
    fn names(&self, code_said: bool) -> Option<RangeInclusive<usize>> {
        let verification = ["cvv", "cvv2", "cvc", "cvc2", "cvn", "cvn2", "cid", "csc", "cav2", "securitycode"];
        if self.is_one_of(&verification) || (code_said && self.is_one_of(&["security", "verification"])) {
            return Some(VERIFICATION);
        }
        self.is_one_of(&["pin", "pincode"]).then_some(PIN)
    }
}

/// Whether a word of a camel-cased name begins here: `cardCvv`, `CVVCode`.
fn is_hump(text: Text<'_>, at: usize) -> bool {
    let (before, here, after) = (text.before(at), text.at(at), text.at(at + 1));
    here.is_ascii_uppercase() && (before.is_ascii_lowercase() || after.is_ascii_lowercase())
}
