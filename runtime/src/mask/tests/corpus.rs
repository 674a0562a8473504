//! What logs are full of and must stay: 100,000 of each kind, the same on every run.
//!
//! Left out is what nobody can tell from a card number: bare digits of a card's length, in an
//! issuer's range, with the right check digit. Of plain random digits that is one in 37 at
//! sixteen digits, and fewer at any other length (the last test), and so are barcodes (EAN-13) and phone numbers without their
//! plus that begin with 4, IMEIs with a version (IMEISV, sixteen digits), and span ids that have no
//! letter and stand alone.

use std::borrow::Cow;
use std::fmt::Write;

use fastrand::Rng;

use crate::mask::mask;

const EACH: usize = 100_000;
const SEED: u64 = 20_261_121;

/// The time that ids and timestamps are taken from: 2001 to 2033.
const SECONDS: std::ops::Range<u64> = 1_000_000_000..2_000_000_000;

/// So many texts are masked in one go, because a debug build takes long for each call.
const BATCH: usize = 500;

#[track_caller]
fn stay(make: impl Fn(&mut Rng) -> String) {
    let mut rng = Rng::with_seed(SEED);
    let mut wrong = Vec::new();
    for _ in 0..EACH / BATCH {
        let texts: Vec<String> = (0..BATCH).map(|_| make(&mut rng)).collect();
        // Zeros are what is read past the ends of a text, so each is seen as if it stood alone.
        if matches!(mask(&texts.join("\0\0")), Cow::Owned(_)) {
            wrong.extend(texts.into_iter().filter(|text| mask(text) != text.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{} of {EACH}, such as {:?}", wrong.len(), wrong.iter().take(5).collect::<Vec<_>>());
}

fn hex(rng: &mut Rng, digits: usize) -> String {
    let mut text = String::with_capacity(digits + 16);
    while text.len() < digits {
        let _ = write!(text, "{:016x}", rng.u64(..));
    }
    text.truncate(digits);
    text
}

fn digits(rng: &mut Rng, count: usize) -> String {
    const AT_ONCE: u64 = 10_u64.pow(19);
    let mut text = String::with_capacity(count + 19);
    while text.len() < count {
        let _ = write!(text, "{:019}", rng.u64(..AT_ONCE));
    }
    text.truncate(count);
    text
}

/// Of `abc..`, as a text has it.
fn of(rng: &mut Rng, letters: &str, count: usize) -> String {
    let letters = letters.as_bytes();
    let mut random = 0;
    let mut text = Vec::with_capacity(count);
    for place in 0..count {
        // Ten of them have room in a number, and are even enough.
        random = if place % 10 == 0 { rng.u64(..) } else { random / letters.len() as u64 };
        text.push(letters[(random % letters.len() as u64) as usize]);
    }
    String::from_utf8(text).unwrap()
}

/// The digits with their check digit (Luhn).
fn checked(mut digits: String) -> String {
    let weigh = |(i, digit): (usize, u8)| match u32::from(digit - b'0') * (2 - i as u32 % 2) {
        sum @ 0..=9 => sum,
        sum => sum - 9,
    };
    let sum: u32 = digits.bytes().rev().enumerate().map(weigh).sum();
    digits.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap());
    digits
}

mod uuids {
    use super::*;

    fn dashed(hex: &str) -> String {
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// Random (version 4).
    fn v4(rng: &mut Rng) -> String {
        let mut hex = hex(rng, 32);
        hex.replace_range(12..13, "4");
        hex.replace_range(16..17, &of(rng, "89ab", 1));
        hex
    }

    /// By time (version 7).
    fn v7(rng: &mut Rng) -> String {
        let milliseconds = rng.u64(SECONDS) * 1_000 + rng.u64(..1_000);
        format!("{milliseconds:012x}7{}{}{}", hex(rng, 3), of(rng, "89ab", 1), hex(rng, 15))
    }

    #[test]
    fn with_dashes() {
        stay(|rng| format!("payment {} accepted", dashed(&v4(rng))));
        stay(|rng| format!("/payments/{}/refund", dashed(&v7(rng))));
        stay(|rng| format!("key=pay-{}", dashed(&v4(rng)).to_uppercase()));
    }

    #[test]
    fn of_nothing_but_decimal_digits() {
        stay(|rng| format!("id={}", dashed(&digits(rng, 32))));
        stay(|rng| format!("refund-{}-2", dashed(&digits(rng, 32))));
    }

    #[test]
    fn without_dashes() {
        stay(v4);
        stay(|rng| format!("request_id={}", v7(rng)));
        stay(|rng| format!("urn:uuid:{}", dashed(&v7(rng))));
    }
}

mod times {
    use super::*;

    #[test]
    fn as_rfc_3339_has_them() {
        let date = |rng: &mut Rng| format!("20{:02}-{:02}-{:02}", rng.u8(..40), rng.u8(1..13), rng.u8(1..29));
        let clock = |rng: &mut Rng| format!("{:02}:{:02}:{:02}", rng.u8(..24), rng.u8(..60), rng.u8(..60));
        stay(|rng| format!("{}T{}Z", date(rng), clock(rng)));
        stay(|rng| format!("{}T{}.{:09}Z", date(rng), clock(rng), rng.u32(..1_000_000_000)));
        stay(|rng| format!("{} {}.{:03}+{:02}:00 INFO", date(rng), clock(rng), rng.u16(..1_000), rng.u8(..14)));
        stay(|rng| format!("{}{}", date(rng).replace('-', ""), clock(rng).replace(':', "")));
        stay(|rng| format!("{}{}{:03}", date(rng).replace('-', ""), clock(rng).replace(':', ""), rng.u16(..1_000)));
    }

    #[test]
    fn since_the_epoch() {
        stay(|rng| format!("at={}", rng.u64(SECONDS)));
        stay(|rng| format!("{}", rng.u64(SECONDS) * 1_000 + rng.u64(..1_000)));
        stay(|rng| format!("[{}]", rng.u64(SECONDS) * 1_000_000 + rng.u64(..1_000_000)));
        stay(|rng| format!("{{\"ns\":{}}}", rng.u64(SECONDS) * 1_000_000_000 + rng.u64(..1_000_000_000)));
        stay(|rng| format!("{}.{:06}", rng.u64(SECONDS), rng.u32(..1_000_000)));
        stay(|rng| format!("t={},v1={}", rng.u64(SECONDS), hex(rng, 64)));
    }
}

mod orders {
    use super::*;

    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const BASE_62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    #[test]
    fn with_a_date_or_letters() {
        stay(|rng| format!("ORD-20{:02}{:02}{:02}-{}", rng.u8(..40), rng.u8(1..13), rng.u8(1..29), digits(rng, 6)));
        stay(|rng| format!("{}{}", of(rng, UPPER, 3), digits(rng, 12)));
        stay(|rng| format!("{}-{}", of(rng, UPPER, 2), digits(rng, 9)));
        stay(|rng| format!("INV/20{:02}/{}", rng.u8(..40), digits(rng, 5)));
    }

    #[test]
    fn of_digits() {
        stay(|rng| format!("order {}", rng.u32(..100_000_000)));
        stay(|rng| format!("#{}", digits(rng, 10)));
        // As large shops have them.
        stay(|rng| format!("order_id={}-{}-{}", digits(rng, 3), digits(rng, 7), digits(rng, 7)));
    }

    #[test]
    fn as_gateways_and_databases_make_them() {
        stay(|rng| format!("pi_{}", of(rng, BASE_62, 24)));
        stay(|rng| format!("charge={}", of(rng, CROCKFORD, 26)));
        // A snowflake of 2016 to 2030: a time above 22 bits.
        stay(|rng| format!("{}", (rng.u64(180_000_000_000..600_000_000_000) << 22) | rng.u64(..1 << 22)));
        stay(|rng| format!("_id={:08x}{}", rng.u64(SECONDS), hex(rng, 16)));
    }
}

#[test]
fn imeis() {
    let imei = |rng: &mut Rng| {
        let body = ["01", "35", "35", "35", "86", "86", "44", "45", "49", "91", "98", "99"][rng.usize(..12)];
        checked(format!("{body}{}", digits(rng, 12)))
    };
    stay(|rng| format!("imei={}", imei(rng)));
    stay(|rng| imei(rng));
    stay(|rng| {
        let imei = imei(rng);
        format!("device {}-{}-{}-{}", &imei[..2], &imei[2..8], &imei[8..14], &imei[14..])
    });
}

#[test]
fn amounts() {
    stay(|rng| format!("amount={}.{:02} EUR", rng.u64(..10_000_000_000), rng.u8(..100)));
    stay(|rng| format!("{:.2}", rng.f64() * 1e12));
    stay(|rng| format!("{}", rng.f64() * 1e11));
    stay(|rng| format!("amount_minor={}", rng.u64(..100_000_000_000)));
    stay(|rng| {
        format!("USD {},{:03},{:03}.{:02}", rng.u16(1..1_000), rng.u16(..1_000), rng.u16(..1_000), rng.u8(..100))
    });
    stay(|rng| {
        format!("{}.{:03}.{:03},{:02} EUR", rng.u16(1..1_000), rng.u16(..1_000), rng.u16(..1_000), rng.u8(..100))
    });
}

mod hashes {
    use super::*;

    #[test]
    fn in_hexadecimal() {
        stay(|rng| hex(rng, 32));
        stay(|rng| format!("commit {}", hex(rng, 40)));
        stay(|rng| format!("sha256:{}", hex(rng, 64)));
        stay(|rng| format!("{}..{}", hex(rng, 7), hex(rng, 7)));
        stay(|rng| format!("version 1.4.0+g{}", hex(rng, 12)));
    }

    #[test]
    fn in_base_64() {
        const BASE_64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        stay(|rng| format!("v1,{}=", of(rng, BASE_64, 43)));
        stay(|rng| format!("digest={}==", of(rng, BASE_64, 86)));
        stay(|rng| format!("Bearer {}", of(rng, &BASE_64.replace(['+', '/'], "-_"), 43)));
    }

    #[test]
    fn of_traces() {
        stay(|rng| format!("traceparent: 00-{}-{}-0{}", hex(rng, 32), hex(rng, 16), rng.u8(..2)));
        stay(|rng| format!("traceparent: 00-{}-{}-01", hex(rng, 32), digits(rng, 16)));
        stay(|rng| format!("trace_id={}", hex(rng, 32)));
        // With a letter; those of digits alone are numbers.
        stay(|rng| format!("span_id={}{}", of(rng, "abcdef", 1), hex(rng, 15)));
    }
}

#[test]
fn addresses() {
    stay(|rng| format!("peer={}.{}.{}.{}:{}", rng.u8(..), rng.u8(..), rng.u8(..), rng.u8(..), rng.u16(..)));
    stay(|rng| (0..8).map(|_| format!("{:x}", rng.u16(..))).collect::<Vec<_>>().join(":"));
    stay(|rng| (0..6).map(|_| hex(rng, 2)).collect::<Vec<_>>().join(":"));
}

#[test]
fn phone_numbers() {
    const COUNTRIES: [&str; 12] = ["1", "30", "33", "34", "36", "371", "39", "43", "44", "49", "55", "62"];
    let country = |rng: &mut Rng| COUNTRIES[rng.usize(..COUNTRIES.len())];
    stay(|rng| {
        let (country, length) = (country(rng), rng.usize(8..12));
        format!("phone=+{country}{}", digits(rng, length))
    });
    stay(|rng| format!("+{} {} {}", country(rng), digits(rng, 3), digits(rng, 7)));
    stay(|rng| format!("({}) {}-{}", digits(rng, 3), digits(rng, 3), digits(rng, 4)));
    stay(|rng| format!("call 0{}/{}", digits(rng, 3), digits(rng, 8)));
}

mod ibans {
    use super::*;

    /// With its check digits, and in groups as they are printed.
    fn iban(country: &str, body: &str) -> (String, String) {
        let as_number = |text: &str| text.bytes().fold(0, weigh);
        let check = 98 - as_number(&format!("{body}{country}00"));
        let whole = format!("{country}{check:02}{body}");
        let groups: Vec<&str> = whole.as_bytes().chunks(4).map(|group| std::str::from_utf8(group).unwrap()).collect();
        (groups.join(" "), whole)
    }

    fn weigh(rest: u64, byte: u8) -> u64 {
        match byte {
            b'0'..=b'9' => (rest * 10 + u64::from(byte - b'0')) % 97,
            _ => (rest * 100 + u64::from(byte - b'A') + 10) % 97,
        }
    }

    fn any(rng: &mut Rng) -> (String, String) {
        match rng.u8(..5) {
            0 => iban("DE", &digits(rng, 18)),
            1 => iban("GB", &format!("{}{}", of(rng, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 4), digits(rng, 14))),
            2 => iban("FR", &digits(rng, 23)),
            3 => iban("NO", &digits(rng, 11)),
            _ => iban("PL", &digits(rng, 24)),
        }
    }

    #[test]
    fn as_machines_and_as_people_write_them() {
        stay(|rng| format!("from {} on", any(rng).1));
        stay(|rng| format!("from {} on", any(rng).0));
        stay(|rng| format!("iban={}", any(rng).0));
    }
}

/// How many digits, and what part of them may be masked: one in ten has the check digit, and 27 % of
/// those with sixteen digits are in an issuer's range.
const RATES: [(usize, f64); 8] =
    [(12, 0.000_5), (13, 0.012), (14, 0.005), (15, 0.003), (16, 0.029), (17, 0.008), (18, 0.008), (19, 0.020)];

/// They are masked only where they are card numbers by everything that can be known of them.
#[test]
fn plain_digits_are_rarely_masked() {
    let mut rng = Rng::with_seed(SEED);
    for (length, at_most) in RATES {
        let masked = (0..EACH).filter(|_| mask(&digits(&mut rng, length)).contains('*')).count();
        let rate = masked as f64 / EACH as f64;
        assert!(rate < at_most, "{length} digits: {rate}");
    }
}
