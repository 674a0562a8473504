//! Card numbers among numbers.

use std::borrow::Cow;

use serde_json::Number;
use steadfast::mask::mask;

/// The digits of the longest card number.
const LONGEST: usize = 19;
/// The smallest number that has as many digits as a card number.
const SMALLEST: u128 = 100_000_000_000;
/// The first number that has more digits than any.
const TOO_LARGE: u128 = 10_u128.pow(LONGEST as u32);

/// What is left of an integer, when it is a card number.
pub(super) fn masked_integer(magnitude: u128) -> Option<String> {
    if !(SMALLEST..TOO_LARGE).contains(&magnitude) {
        return None;
    }
    let mut digits = [b'0'; LONGEST];
    let mut rest = magnitude;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    match mask(std::str::from_utf8(digits.get(zeros..)?).ok()?) {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    }
}

/// The same of a number that need not be whole.
pub(super) fn masked_float(value: f64) -> Option<String> {
    // What is out of range saturates, and is out of the other's range, too.
    if value.fract() == 0.0 { masked_integer(value.abs() as u128) } else { None }
}

pub(super) fn masked_json(number: &Number) -> Option<String> {
    match number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)) {
        Some(magnitude) => masked_integer(magnitude.into()),
        None => masked_float(number.as_f64()?),
    }
}
