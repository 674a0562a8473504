//! Verification codes and PINs: digits that only the words before them give away.

use std::ops::RangeInclusive;

use super::issuer::SHORTEST;
use super::not_a_card::in_iban;
use super::text::Text;

/// How far before the digits their word may begin.
const REACH: usize = 48;
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
    let is_named = lengths_after_word(text, start).is_some_and(|lengths| lengths.contains(&length));
    is_named && !in_iban(text, start, end)
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
        if VERIFICATION_NAMES.contains(&word.letters) || (code_said && NAMES_WITH_CODE.contains(&word.letters)) {
            return Some(VERIFICATION);
        }
        if PIN_NAMES.contains(&word.letters) {
            return Some(PIN);
        }
        let says_code = CODE_WORDS.contains(&word.letters);
        if !says_code && !FILLERS.contains(&word.letters) {
            return None;
        }
        code_said |= says_code;
        at = word.start;
    }
    None
}

const VERIFICATION_NAMES: [u128; 10] =
    words(["cvv", "cvv2", "cvc", "cvc2", "cvn", "cvn2", "cid", "csc", "cav2", "securitycode"]);
const PIN_NAMES: [u128; 2] = words(["pin", "pincode"]);
/// Names when a word for a code follows: `security code`, `verification value`.
const NAMES_WITH_CODE: [u128; 2] = words(["security", "verification"]);
/// These may stand between a code and its name, too.
const CODE_WORDS: [u128; 2] = words(["code", "value"]);
/// Other words that may.
const FILLERS: [u128; 10] = words(["some", "ok", "set", "is", "was", "number", "num", "no", "val", "the"]);

/// Words as [`Word::letters`] has them.
const fn words<const N: usize>(texts: [&str; N]) -> [u128; N] {
    let mut words = [0; N];
    let mut i = 0;
    while i < N {
        let bytes = texts[i].as_bytes();
        let mut at = bytes.len();
        while at > 0 {
            at -= 1;
            words[i] = words[i] << 8 | bytes[at] as u128;
        }
        i += 1;
    }
    words
}

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
    /// The first letter is the lowest byte.
    letters: u128,
}

/// The longest word that is looked at.
const WORD: usize = size_of::<u128>();

impl Word {
    /// The word that ends here.
    fn before(text: Text<'_>, end: usize) -> Option<Self> {
        let (mut start, mut letters) = (end, 0);
        while text.is_word_before(start) {
            if end - start == WORD {
                return None;
            }
            letters = letters << 8 | u128::from(text.before(start).to_ascii_lowercase());
            start -= 1;
            if is_hump(text, start) {
                break;
            }
        }
        (start < end).then_some(Self { start, letters })
    }
}

/// Whether a word of a camel-cased name begins here: `cardCvv`, `CVVCode`.
fn is_hump(text: Text<'_>, at: usize) -> bool {
    let (before, here, after) = (text.before(at), text.at(at), text.at(at + 1));
    here.is_ascii_uppercase() && (before.is_ascii_lowercase() || after.is_ascii_lowercase())
}
