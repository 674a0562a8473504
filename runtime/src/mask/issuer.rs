//! Which numbers are card numbers: the issuers' ranges, their lengths, and the check digit.

/// The digits of the longest card number.
pub(super) const LONGEST: usize = 19;
/// The digits of the shortest card number.
pub(super) const SHORTEST: usize = 12;

/// A range of the number's first six digits, and the lengths its numbers have.
struct Issuer {
    from: u32,
    to: u32,
    lengths: &'static [usize],
}

const fn issuer(from: u32, to: u32, lengths: &'static [usize]) -> Issuer {
    Issuer { from, to, lengths }
}

const LONG: &[usize] = &[16, 17, 18, 19];
/// 15 digits are left out of Diners: no card has them, and IMEIs do.
const DINERS: &[usize] = &[14, 16, 17, 18, 19];
const MAESTRO: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];

const ISSUERS: [Issuer; 20] = [
    // Visa
    issuer(400_000, 499_999, &[13, 16, 19]),
    // Mastercard
    issuer(510_000, 559_999, &[16]),
    issuer(222_100, 272_099, &[16]),
    // American Express
    issuer(340_000, 349_999, &[15]),
    issuer(370_000, 379_999, &[15]),
    // Discover
    issuer(601_100, 601_199, LONG),
    issuer(644_000, 659_999, LONG),
    // JCB
    issuer(352_800, 358_999, LONG),
    // Diners Club
    issuer(300_000, 305_999, DINERS),
    issuer(309_500, 309_599, DINERS),
    issuer(360_000, 369_999, DINERS),
    issuer(380_000, 399_999, DINERS),
    // UnionPay
    issuer(620_000, 629_999, LONG),
    // Maestro
    issuer(501_800, 501_899, MAESTRO),
    issuer(502_000, 502_099, MAESTRO),
    issuer(503_800, 503_899, MAESTRO),
    issuer(589_300, 589_399, MAESTRO),
    issuer(630_400, 630_499, MAESTRO),
    issuer(675_900, 675_999, MAESTRO),
    issuer(676_100, 676_399, MAESTRO),
];

/// The digits of what may be a card number.
pub(super) struct Number {
    digits: [u8; LONGEST],
    length: usize,
}

impl Number {
    pub(super) const fn new() -> Self {
        Self { digits: [0; LONGEST], length: 0 }
    }

    /// Adds an ASCII digit; those past the longest number are not kept.
    pub(super) fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.length) {
            *place = digit.wrapping_sub(b'0');
            self.length += 1;
        }
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }

    pub(super) fn is_card_number(&self) -> bool {
        self.has_issuer() && self.passes_luhn()
    }

    fn has_issuer(&self) -> bool {
        let prefix = self.digits().iter().take(6).fold(0, |prefix, digit| prefix * 10 + u32::from(*digit));
        ISSUERS.iter().any(|i| (i.from..=i.to).contains(&prefix) && i.lengths.contains(&self.length))
    }

    fn passes_luhn(&self) -> bool {
        let sum: u32 = self.digits().iter().rev().enumerate().map(|(i, d)| weighed(i, *d)).sum();
        sum.is_multiple_of(10)
    }

    /// The number with at most its last four digits.
    pub(super) fn write_masked(&self, out: &mut String) {
        let hidden = self.length.saturating_sub(4);
        out.extend(std::iter::repeat_n('*', hidden));
        out.extend(self.digits().iter().skip(hidden).map(|digit| char::from(digit + b'0')));
    }
}

fn weighed(index_from_the_right: usize, digit: u8) -> u32 {
    let digit = u32::from(digit);
    match (index_from_the_right % 2, digit) {
        (0, digit) => digit,
        (_, 0..=4) => digit * 2,
        _ => digit * 2 - 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_card_number(digits: &str) -> bool {
        let mut number = Number::new();
        digits.bytes().for_each(|digit| number.push(digit));
        number.is_card_number()
    }

    #[test]
    fn every_issuers_test_number_is_one() {
        let numbers = [
            "4111111111111111",
            "4222222222222",
            "5555555555554444",
            "2223003122003222",
            "2720992593319364",
            "378282246310005",
            "341111111111111",
            "6011111111111117",
            "6445644564456445",
            "6500000000000002",
            "3530111333300000",
            "30569309025904",
            "36227206271667",
            "38520000023237",
            "6200000000000005",
            "6205500000000000004",
            "6759649826438453",
            "5018000000000009",
            "6304000000000000",
        ];
        for number in numbers {
            assert!(is_card_number(number), "{number}");
        }
    }

    #[test]
    fn range_length_and_check_digit_all_count() {
        assert!(!is_card_number("4111111111111112"), "check digit");
        assert!(!is_card_number("1111111111111117"), "range");
        assert!(!is_card_number("42424242424242"), "length");
        assert!(!is_card_number("2220990000000008"), "just below Mastercard");
        assert!(!is_card_number("490154203237518"), "an IMEI");
        assert!(!is_card_number("353000000000008"), "an IMEI in JCB's range");
    }

    #[test]
    fn at_most_four_digits_are_kept() {
        let mut number = Number::new();
        b"378282246310005".iter().for_each(|digit| number.push(*digit));
        let mut out = String::new();
        number.write_masked(&mut out);
        assert_eq!(out, "***********0005");
    }
}
