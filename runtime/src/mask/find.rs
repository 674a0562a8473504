//! Finding card data: from one run of digits to the next.

use super::issuer::{LONGEST, Number, SHORTEST};
use super::text::Text;
use super::{MASKED, code, track};

/// A place in the text that must not be shown.
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What,
}

pub(super) enum What {
    CardNumber(Number),
    Whole,
}

impl What {
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::CardNumber(number) => number.write_masked(out),
            Self::Whole => out.push_str(MASKED),
        }
    }
}

/// Everything to mask in a text, in order. Each run of digits is asked once what it may begin, by
/// looking a bounded way around it: that is why the time is linear.
pub(super) struct Find<'a> {
    text: Text<'a>,
    at: usize,
}

impl<'a> Find<'a> {
    pub(super) fn new(text: Text<'a>) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Find<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let start = self.text.next_digit(self.at)?;
            let end = self.text.digits_end(start, usize::MAX);
            if let Some(mut found) = found_at(self.text, start, end) {
                // A sentinel in front of a track may belong to what was found before.
                found.start = found.start.max(self.at);
                self.at = found.end;
                return Some(found);
            }
            self.at = end;
        }
    }
}

/// What the run of digits `start..end` begins.
fn found_at(text: Text<'_>, start: usize, end: usize) -> Option<Found> {
    let whole = |(start, end)| Found { start, end, what: What::Whole };
    if text.is_word_before(start) && !is_escape_before(text, start) {
        return track::one(text, start, end).map(whole);
    }
    // The last four digits of a number that is masked already.
    if end - start == 4 && text.is_masked_before(start) {
        return None;
    }
    track::two(text, start, end)
        .map(whole)
        .or_else(|| card_number(text, start, end))
        .or_else(|| code::digits(text, start, end).then_some(whole((start, end))))
}

/// Whether a line break or a tab, as `Debug` and JSON write it, ends here.
fn is_escape_before(text: Text<'_>, at: usize) -> bool {
    matches!(text.before(at), b'n' | b'r' | b't') && text.before(at - 1) == b'\\'
}

/// The groups that cards print their numbers in, longest first: of two readings the longer one
/// shows less.
const GROUPINGS: [&[usize]; 14] = [
    &[4, 4, 4, 4, 3],
    &[6, 13],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4],
    &[8, 8],
    &[4, 6, 5],
    &[4, 4, 4, 3],
    &[4, 6, 4],
    &[4, 4, 4, 2],
    &[4, 4, 5],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
    &[4, 4, 4],
];

/// The longest grouping.
const GROUPS: usize = 5;
/// The longest group after the first.
const GROUP: usize = 13;

fn card_number(text: Text<'_>, start: usize, end: usize) -> Option<Found> {
    // No issuer's range begins with another digit.
    if !matches!(text.at(start), b'2'..=b'6') {
        return None;
    }
    match end - start {
        SHORTEST..=LONGEST if !is_decimal(text, start, end) => checked(text, start, end),
        4 | 6 | 8 => {
            let groups = Groups::from(text, start, end);
            GROUPINGS.iter().find_map(|grouping| checked(text, start, groups.end_of(grouping)?))
        }
        _ => None,
    }
}

/// Groups of digits, with one separator between two of them.
struct Groups {
    lengths: [usize; GROUPS],
    ends: [usize; GROUPS],
    /// The first two have a dot between them.
    dotted: bool,
}

impl Groups {
    /// Reads groups from the one at `start..end` on.
    fn from(text: Text<'_>, start: usize, end: usize) -> Self {
        let mut groups = Self { lengths: [0; GROUPS], ends: [0; GROUPS], dotted: text.at(end) == b'.' };
        let (mut start, mut end) = (start, end);
        for (length_of, end_of) in groups.lengths.iter_mut().zip(&mut groups.ends) {
            if !(1..=GROUP).contains(&(end - start)) {
                break;
            }
            (*length_of, *end_of) = (end - start, end);
            if !matches!(text.at(end), b' ' | b'-' | b'.') {
                break;
            }
            start = end + 1;
            end = text.digits_end(start, GROUP + 1);
        }
        groups
    }

    /// Where this grouping ends, when these groups begin with it. Two groups with a dot between
    /// them are a decimal number.
    fn end_of(&self, grouping: &[usize]) -> Option<usize> {
        let decimal = self.dotted && grouping.len() == 2;
        let fits = self.lengths.starts_with(grouping) && !decimal;
        if fits { self.ends.get(grouping.len() - 1).copied() } else { None }
    }
}

/// What is found at `start..end`, when its digits are a card number.
fn checked(text: Text<'_>, start: usize, end: usize) -> Option<Found> {
    let mut number = Number::new();
    (start..end).map(|i| text.at(i)).filter(u8::is_ascii_digit).for_each(|digit| number.push(digit));
    if !number.is_card_number() || in_uuid(text, start) || in_uuid(text, end - 1) {
        return None;
    }
    match track::rest_of_two(text, start, end) {
        Some(end) => Some(Found { start, end, what: What::Whole }),
        None if text.is_word(end) => None,
        None => Some(Found { start, end, what: What::CardNumber(number) }),
    }
}

/// Whether a run of digits is a part of a decimal number. What is or will be masked beside the
/// point counts as digits, or masking twice would see what masking once did not.
fn is_decimal(text: Text<'_>, start: usize, end: usize) -> bool {
    let fraction = text.before(start) == b'.' && matches!(text.before(start - 1), b'0'..=b'9' | b']');
    fraction || (text.at(end) == b'.' && is_number(text, end + 1))
}

/// Whether digits begin here, or what is left of them.
fn is_number(text: Text<'_>, at: usize) -> bool {
    text.at(at).is_ascii_digit() || text.is_masked(at)
}

const UUID: usize = 36;

/// Whether the byte here belongs to a UUID.
fn in_uuid(text: Text<'_>, at: usize) -> bool {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let mut start = at;
    while at - start < UUID && is_part(text.before(start)) {
        start -= 1;
    }
    at - start < UUID && !is_part(text.at(start + UUID)) && (0..UUID).all(|i| fits_uuid(i, text.at(start + i)))
}

fn fits_uuid(index: usize, byte: u8) -> bool {
    match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    }
}
