//! What has the digits of a card number and is something else, by what stands around them.

use super::text::Text;

/// Whether the digits `start..end` belong to something that is known by its layout.
pub(super) fn holds(text: Text<'_>, start: usize, end: usize) -> bool {
    in_uuid(text, start)
        || in_uuid(text, end - 1)
        || is_phone(text, start, end)
        || is_span_id(text, start, end)
        || in_iban(text, start, end)
}

const UUID: usize = 36;

/// Whether the byte here belongs to a UUID, which may have a prefix (`order-` and the like).
fn in_uuid(text: Text<'_>, at: usize) -> bool {
    (at.saturating_sub(UUID - 1)..=at).any(|start| is_uuid(text, start))
}

fn is_uuid(text: Text<'_>, start: usize) -> bool {
    text.at(start + 8) == b'-'
        && (0..UUID).all(|i| fits_uuid(i, text.at(start + i)))
        && !text.is_word_before(start)
        && !text.is_word(start + UUID)
}

fn fits_uuid(index: usize, byte: u8) -> bool {
    match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    }
}

/// The only length that phone numbers, with their country's code, share with cards: `+49` and
/// `+43` have thirteen digits, and so had the first Visa cards.
const PHONE: usize = 13;

fn is_phone(text: Text<'_>, start: usize, end: usize) -> bool {
    // In a form's encoding a plus is a space: there a word ends before it.
    end - start == PHONE && text.before(start) == b'+' && !text.is_word_before(start - 1)
}

/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`: one span in 2,000 has an id without
/// letters.
fn is_span_id(text: Text<'_>, start: usize, end: usize) -> bool {
    const BEFORE: usize = "00-4bf92f3577b34da6a3ce929d0e0e4736-".len();
    const SPAN: usize = 16;
    let Some(version) = start.checked_sub(BEFORE) else { return false };
    let is_dash = |index| matches!(index, 2 | 35 | 52);
    let fits = |index| match text.at(version + index) {
        byte if is_dash(index) => byte == b'-',
        byte => byte.is_ascii_hexdigit(),
    };
    end - start == SPAN && (0..BEFORE + SPAN + 3).all(fits) && !text.is_word_before(version) && !text.is_word(end + 3)
}

/// The groups of the longest account number.
const IBAN_GROUPS: usize = 9;
/// The letters and digits of the shortest.
const IBAN: usize = 15;

/// Whether the digits belong to an account number that is printed in groups of four, as those who
/// print them do: `DE89 3704 0044 0532 0130 00`. Its check digits must be right.
pub(super) fn in_iban(text: Text<'_>, start: usize, end: usize) -> bool {
    let mut group = start;
    for _ in 0..IBAN_GROUPS {
        if text.before(group) != b' ' || group < 5 || text.is_word_before(group - 5) {
            return false;
        }
        group -= 5;
        if is_country(text, group) {
            return passes_to(text, group, end);
        }
    }
    false
}

/// Two letters and the check digits.
fn is_country(text: Text<'_>, at: usize) -> bool {
    let letters = text.at(at).is_ascii_uppercase() && text.at(at + 1).is_ascii_uppercase();
    letters && text.at(at + 2).is_ascii_digit() && text.at(at + 3).is_ascii_digit()
}

/// Whether an account number begins here, and ends at `end` or behind it.
fn passes_to(text: Text<'_>, start: usize, end: usize) -> bool {
    let head = (start..start + 4).fold(0, |rest, i| weigh(rest, text.at(i)));
    let mut body = 0;
    let mut at = start + 4;
    // The country and the check digits are weighed last.
    let passes = |body: u32| (body * 1_000_000 + head) % 97 == 1;
    for group in 2..=IBAN_GROUPS {
        if text.at(at) != b' ' || !text.is_word(at + 1) {
            return false;
        }
        let group_end = (at + 1..at + 5).find(|&i| !is_printed(text.at(i))).unwrap_or(at + 5);
        body = (at + 1..group_end).fold(body, |rest, i| weigh(rest, text.at(i)));
        let is_last = group_end < at + 5;
        let length = (group - 1) * 4 + (group_end - at - 1);
        at = group_end;
        if text.is_word(at) {
            return false;
        }
        if at >= end && length >= IBAN && passes(body) {
            return true;
        }
        if is_last {
            return false;
        }
    }
    false
}

fn is_printed(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

/// The remainder by 97 with one more letter or digit; letters count from 10.
fn weigh(rest: u32, byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
    }
}
