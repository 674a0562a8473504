//! Which numbers are card numbers: the issuers' ranges, their lengths, and the check digit.

/// The digits of the longest card number.
pub(super) const LONGEST: usize = 19;
/// The digits of the shortest card number.
pub(super) const SHORTEST: usize = 12;

/// A range of the number's first six digits, and the lengths its numbers have.
struct Issuer {
    from: u32,
    to: u32,
    /// A bit for each length.
    lengths: u32,
}

const fn issuer(from: u32, to: u32, lengths: &[u32]) -> Issuer {
    let mut issuer = Issuer { from, to, lengths: 0 };
    let mut i = 0;
    while i < lengths.len() {
        issuer.lengths |= 1 << lengths[i];
        i += 1;
    }
    issuer
}

const LONG: &[u32] = &[16, 17, 18, 19];
/// 15 digits are left out of Diners: no card has them, and IMEIs do.
const DINERS: &[u32] = &[14, 16, 17, 18, 19];
const MAESTRO: &[u32] = &[12, 13, 14, 15, 16, 17, 18, 19];

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
    /// Of ASCII digits; those past the longest number are not kept.
    pub(super) fn of(digits: impl Iterator<Item = u8>) -> Self {
        let mut number = Self { digits: [0; LONGEST], length: 0 };
        for (place, digit) in number.digits.iter_mut().zip(digits) {
            *place = digit.wrapping_sub(b'0');
            number.length += 1;
        }
        number
    }

    /// The number that its first digits are.
    pub(super) const fn first(&self, length: usize) -> Self {
        Self { digits: self.digits, length: if length < self.length { length } else { self.length } }
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }

    pub(super) fn is_card_number(&self) -> bool {
        self.has_issuer() && self.passes_luhn()
    }

    fn has_issuer(&self) -> bool {
        let prefix = self.digits().iter().take(6).fold(0, |prefix, digit| prefix * 10 + u32::from(*digit));
        ISSUERS.iter().any(|i| (i.from..=i.to).contains(&prefix) && i.lengths >> self.length & 1 == 1)
    }

    fn passes_luhn(&self) -> bool {
        let weighed = |(i, digit): (usize, &u8)| if i % 2 == 0 { *digit } else { doubled(*digit) };
        // At most 9 for each of them.
        self.digits().iter().rev().enumerate().map(weighed).sum::<u8>().is_multiple_of(10)
    }

    /// The number with at most its last four digits.
    pub(super) fn write_masked(&self, out: &mut String) {
        let hidden = self.length.saturating_sub(4);
        out.extend(std::iter::repeat_n('*', hidden));
        out.extend(self.digits().iter().skip(hidden).map(|digit| char::from(digit + b'0')));
    }
}

/// The sum of the digits of twice the digit.
const fn doubled(digit: u8) -> u8 {
    if digit < 5 { digit * 2 } else { digit * 2 - 9 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_card_number(digits: &str) -> bool {
        Number::of(digits.bytes()).is_card_number()
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
        let mut out = String::new();
        Number::of(b"378282246310005".iter().copied()).write_masked(&mut out);
        assert_eq!(out, "***********0005");
    }
}
