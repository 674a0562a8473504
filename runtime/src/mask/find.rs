//! Finding card data: from one run of digits to the next.

use super::candidates::Candidates;
use super::issuer::{LONGEST, Number, SHORTEST};
use super::text::Text;
use super::{MASKED, code, not_a_card, track};

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
    candidates: Candidates<'a>,
    /// The end of what was found last.
    at: usize,
}

impl<'a> Find<'a> {
    pub(super) fn new(text: Text<'a>) -> Self {
        Self { text, candidates: Candidates::of(text), at: 0 }
    }
}

impl Iterator for Find<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let start = self.candidates.next()?;
            if start < self.at {
                continue;
            }
            let end = self.text.digits_end(start, usize::MAX);
            if let Some(mut found) = found_at(self.text, start, end) {
                // A sentinel in front of a track may belong to what was found before.
                found.start = found.start.max(self.at);
                self.at = found.end;
                return Some(found);
            }
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
const GROUPINGS: [Grouping; 14] = [
    grouping(&[4, 4, 4, 4, 3]),
    grouping(&[6, 13]),
    grouping(&[4, 4, 4, 4, 2]),
    grouping(&[4, 4, 4, 4, 1]),
    grouping(&[4, 4, 4, 4]),
    grouping(&[8, 8]),
    grouping(&[4, 6, 5]),
    grouping(&[4, 4, 4, 3]),
    grouping(&[4, 6, 4]),
    grouping(&[4, 4, 4, 2]),
    grouping(&[4, 4, 5]),
    grouping(&[4, 4, 4, 1]),
    grouping(&[4, 3, 3, 3]),
    grouping(&[4, 4, 4]),
];

/// The longest grouping.
const GROUPS: usize = 5;
/// The longest group after the first.
const GROUP: usize = 13;

struct Grouping {
    groups: usize,
    digits: usize,
    /// Four bits for each group, the first is the lowest.
    lengths: u32,
}

const fn grouping(groups: &[usize]) -> Grouping {
    let mut all = Grouping { groups: groups.len(), digits: 0, lengths: 0 };
    let mut i = groups.len();
    while i > 0 {
        i -= 1;
        all.digits += groups[i];
        all.lengths = all.lengths << 4 | groups[i] as u32;
    }
    all
}

fn card_number(text: Text<'_>, start: usize, end: usize) -> Option<Found> {
    // No issuer's range begins with another digit.
    if !matches!(text.at(start), b'2'..=b'6') {
        return None;
    }
    match end - start {
        SHORTEST..=LONGEST if !is_decimal(text, start, end) => {
            let number = Number::of((start..end).map(|i| text.at(i)));
            checked(text, start, end, number)
        }
        4 | 6 | 8 => Groups::from(text, start, end).card_number(text),
        _ => None,
    }
}

/// Groups of digits, with one separator between two of them.
struct Groups {
    start: usize,
    ends: [usize; GROUPS],
    /// As a [`Grouping`] has them.
    lengths: u32,
    /// The first two have a dot between them.
    dotted: bool,
}

impl Groups {
    /// Reads groups from the one at `start..end` on.
    fn from(text: Text<'_>, start: usize, end: usize) -> Self {
        let mut groups = Self { start, ends: [0; GROUPS], lengths: 0, dotted: text.at(end) == b'.' };
        let (mut start, mut end) = (start, end);
        for (index, end_of) in groups.ends.iter_mut().enumerate() {
            if !(1..=GROUP).contains(&(end - start)) {
                break;
            }
            *end_of = end;
            groups.lengths |= ((end - start) as u32) << (4 * index);
            if !matches!(text.at(end), b' ' | b'-' | b'.') {
                break;
            }
            start = end + 1;
            end = text.digits_end(start, GROUP + 1);
        }
        groups
    }

    /// The card number that they begin with.
    fn card_number(&self, text: Text<'_>) -> Option<Found> {
        let mut groupings = GROUPINGS.iter().filter(|grouping| self.begin_with(grouping)).peekable();
        let longest = self.end_of(groupings.peek()?)?;
        let all = Number::of((self.start..longest).map(|i| text.at(i)).filter(u8::is_ascii_digit));
        groupings.find_map(|grouping| checked(text, self.start, self.end_of(grouping)?, all.first(grouping.digits)))
    }

    /// Two groups with a dot between them are a decimal number.
    fn begin_with(&self, grouping: &Grouping) -> bool {
        let decimal = self.dotted && grouping.groups == 2;
        self.lengths & ((1 << (4 * grouping.groups)) - 1) == grouping.lengths && !decimal
    }

    fn end_of(&self, grouping: &Grouping) -> Option<usize> {
        self.ends.get(grouping.groups - 1).copied()
    }
}

/// What is found at `start..end`, when its digits are a card number.
fn checked(text: Text<'_>, start: usize, end: usize, number: Number) -> Option<Found> {
    if !number.is_card_number() || not_a_card::holds(text, start, end) {
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
