//! What a card's magnetic stripe holds.
//!
//! Track 1: `%B4111111111111111^DOE/JANE^29121010000000000000?`,
//! track 2: `;4111111111111111=29121010000012345678?`.

use super::issuer::{LONGEST, SHORTEST};
use super::text::Text;

/// The longest track 2 in hexadecimal digits, its padding included (EMV tag 57). A longer word of
/// them is a hash.
const HEXADECIMAL: usize = 38;
/// The longest track, its sentinels included.
const TRACK: usize = 79;
/// A cardholder's name has at most 26 characters; readers pad.
const NAME: usize = 40;
/// Expiry and service code, the least that follows a track's number.
const EXPIRY_AND_SERVICE: usize = 7;

fn has_card_length(start: usize, end: usize) -> bool {
    (SHORTEST..=LONGEST).contains(&(end - start))
}

/// Track 1 around the number `start..end`: the format code `B` stands before it.
pub(super) fn one(text: Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let code = start.checked_sub(1)?;
    if !has_card_length(start, end) || !matches!(text.at(code), b'B' | b'b') || text.is_word_before(code) {
        return None;
    }
    if text.at(end) != b'^' {
        return None;
    }
    let name = end + 1;
    let separator = (name..name + NAME).take_while(|&i| is_name(text, i)).find(|&i| text.at(i) == b'^')?;
    let sentinel = if text.before(code) == b'%' { code - 1 } else { code };
    Some((sentinel, end_of_one(text, separator + 1)))
}

/// What was masked is in no name: it is shorter than what stood there, so a separator that was too far
/// away would come near when it is masked again.
fn is_name(text: Text<'_>, at: usize) -> bool {
    is_printed(text, at) && !text.is_replaced(at) && !text.is_masked(at)
}

/// Up to the end sentinel, or as far as digits and letters go where it is missing.
fn end_of_one(text: Text<'_>, from: usize) -> usize {
    (from..from + TRACK)
        .take_while(|&i| is_printed(text, i))
        .find(|&i| text.at(i) == b'?')
        .map_or_else(|| end_of_word(text, from), |end| end + 1)
}

fn is_printed(text: Text<'_>, at: usize) -> bool {
    matches!(text.at(at), b' '..=b'~')
}

/// Track 2 around the number `start..end`, known by its start sentinel.
pub(super) fn two(text: Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    if !has_card_length(start, end) || text.before(start) != b';' {
        return None;
    }
    rest_of_two(text, start, end).map(|end| (start - 1, end))
}

/// The end of track 2, where the number in front of it ends here. Also without sentinels, as
/// terminals pass it on (with a `D` for the separator, and padded with an `F`).
pub(super) fn rest_of_two(text: Text<'_>, start: usize, number_end: usize) -> Option<usize> {
    let data = number_end + 1;
    let hexadecimal = matches!(text.at(number_end), b'D' | b'd');
    if text.at(number_end) != b'=' && !hexadecimal {
        return None;
    }
    if text.digits_end(data, EXPIRY_AND_SERVICE) - data < EXPIRY_AND_SERVICE {
        return None;
    }
    let end = end_of_word(text, data);
    if hexadecimal && end - start > HEXADECIMAL {
        return None;
    }
    Some(if text.at(end) == b'?' { end + 1 } else { end })
}

fn end_of_word(text: Text<'_>, from: usize) -> usize {
    let mut end = from;
    while text.is_word(end) {
        end += 1;
    }
    end
}
