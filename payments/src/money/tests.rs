use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::every())
}

/// Amounts of all lengths, the ends of the range among them.
fn any_minor() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -2000..2000_i64, Just(i64::MIN), Just(i64::MAX)]
}

/// Every text of three capital letters.
fn all_codes() -> impl Iterator<Item = String> {
    let letters = || b'A'..=b'Z';
    letters().flat_map(move |a| {
        letters().flat_map(move |b| letters().map(move |c| String::from_utf8(vec![a, b, c]).unwrap()))
    })
}

#[test]
fn there_is_a_constant_for_each_currency_with_a_minor_unit() {
    let constants: HashSet<Currency> = Currency::every().iter().copied().collect();
    let parsed: HashSet<Currency> = all_codes().filter_map(|code| Currency::from_code(&code).ok()).collect();
    assert_eq!(constants, parsed);
    assert!(Currency::every().is_sorted_by_key(|currency| currency.code()));
}

#[test]
fn exponents_are_those_of_iso_4217() {
    let exponents = [("JPY", 0), ("ISK", 0), ("EUR", 2), ("MRU", 2), ("KWD", 3), ("TND", 3), ("CLF", 4), ("UYW", 4)];
    for (code, exponent) in exponents {
        assert_eq!(Currency::from_code(code).unwrap().exponent(), exponent, "{code}");
    }
}

#[test]
fn what_has_no_minor_unit_is_no_currency_to_count() {
    for code in ["XAU", "XAG", "XDR", "XTS", "XXX"] {
        assert_eq!(Currency::from_code(code), Err(CurrencyError::NoMinorUnit), "{code}");
    }
    for code in ["", "eur", "Eur", "EU", "EURO", " EUR", "AAA", "€", "978"] {
        assert_eq!(Currency::from_code(code), Err(CurrencyError::Unknown), "{code:?}");
    }
}

#[test]
fn amounts_have_their_currencys_decimals() {
    let written = |minor, currency| Money::new(minor, currency).to_string();
    assert_eq!(written(123_450, Currency::EUR), "1234.50 EUR");
    assert_eq!(written(-5, Currency::USD), "-0.05 USD");
    assert_eq!(written(0, Currency::KWD), "0.000 KWD");
    assert_eq!(written(-7, Currency::JPY), "-7 JPY");
    assert_eq!(written(i64::MIN, Currency::CLF), "-922337203685477.5808 CLF");
}

#[test]
fn a_malformed_amount_is_told_its_place() {
    let places = [
        ("", 0),
        ("-", 1),
        ("--1", 1),
        ("+1", 0),
        (" 1", 0),
        ("1 ", 1),
        (".5", 0),
        ("-.5", 1),
        ("1.", 2),
        ("1.2.3", 3),
        ("1,5", 1),
        ("1e5", 1),
        ("0x1", 1),
        ("1_000", 1),
        ("12.3a", 4),
        ("NaN", 0),
        ("١٢", 0),
        ("12€", 2),
        ("1\0", 1),
    ];
    for (text, at) in places {
        assert_eq!(Money::parse(text, Currency::EUR), Err(ParseMoneyError::Malformed { at }), "{text:?}");
    }
}

#[test]
fn each_mistake_has_its_own_error() {
    let read = |text: &str| text.parse::<Money>().unwrap_err();
    assert_eq!(read("12.345 EUR"), ParseMoneyError::TooManyDecimals { currency: Currency::EUR });
    assert_eq!(read("12.000 EUR"), ParseMoneyError::TooManyDecimals { currency: Currency::EUR });
    assert_eq!(read("12.0 JPY"), ParseMoneyError::TooManyDecimals { currency: Currency::JPY });
    assert_eq!(read("92233720368547758.08 EUR"), ParseMoneyError::OutOfRange);
    assert_eq!(read("-92233720368547758.09 EUR"), ParseMoneyError::OutOfRange);
    assert_eq!(read("12 EURO"), ParseMoneyError::Currency(CurrencyError::Unknown));
    assert_eq!(read("12  EUR"), ParseMoneyError::Currency(CurrencyError::Unknown));
    assert_eq!(read("12 EUR "), ParseMoneyError::Currency(CurrencyError::Unknown));
    assert_eq!(read("12 XAU"), ParseMoneyError::Currency(CurrencyError::NoMinorUnit));
    assert_eq!(read("12.34"), ParseMoneyError::Malformed { at: 5 });
    assert_eq!(read(&format!("{} EUR", "9".repeat(10_000))), ParseMoneyError::OutOfRange);
}

#[test]
fn no_error_repeats_what_was_read() {
    let number = "4111111111111111";
    let texts =
        [format!("{number} {number}"), format!("{number},5 EUR"), number.to_owned(), format!("{number}000 EUR")];
    for text in texts {
        let error = text.parse::<Money>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("4111"), "{error}");
    }
    let error = serde_json::from_str::<Money>(r#"{"minor":1,"currency":"4111111111111111"}"#).unwrap_err();
    assert!(!error.to_string().contains("4111"), "{error}");
}

#[test]
fn in_json_it_is_minor_units_and_a_code() {
    let money = Money::new(1990, Currency::EUR);
    let json = r#"{"minor":1990,"currency":"EUR"}"#;
    assert_eq!(serde_json::to_string(&money).unwrap(), json);
    assert_eq!(serde_json::from_str::<Money>(json).unwrap(), money);
    for wrong in [
        r#"{"minor":19.9,"currency":"EUR"}"#,
        r#"{"minor":"1990","currency":"EUR"}"#,
        r#"{"minor":1990,"currency":"XAU"}"#,
        r#"{"minor":1990,"currency":"EUR","exponent":3}"#,
        r#"{"minor":1990}"#,
        r#"{"minor":9223372036854775808,"currency":"EUR"}"#,
    ] {
        assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_least_amount_has_no_opposite() {
    assert_eq!(Money::new(i64::MIN, Currency::EUR).checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(Money::new(i64::MAX, Currency::EUR).checked_neg(), Ok(Money::new(-i64::MAX, Currency::EUR)));
}

proptest! {
    #[test]
    fn what_is_written_reads_as_it_was(minor in any_minor(), currency in any_currency()) {
        let money = Money::new(minor, currency);
        prop_assert_eq!(money.to_string().parse(), Ok(money));
        prop_assert_eq!(serde_json::from_str::<Money>(&serde_json::to_string(&money).unwrap()).unwrap(), money);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,12}|-?[0-9]{0,22}\\.?[0-9]{0,5}( [A-Z]{3})?", currency in any_currency()) {
        let _ = text.parse::<Money>();
        if let Ok(money) = Money::parse(&text, currency) {
            prop_assert_eq!(money.currency(), currency);
        }
    }

    #[test]
    fn a_sum_is_exact_or_refused(left in any_minor(), right in any_minor(), a in any_currency(), b in any_currency()) {
        let exact = |sum: i128| i64::try_from(sum).map(|minor| Money::new(minor, a)).map_err(|_| MoneyError::Overflow);
        let (x, y) = (Money::new(left, a), Money::new(right, a));
        prop_assert_eq!(x.checked_add(y), exact(i128::from(left) + i128::from(right)));
        prop_assert_eq!(x.checked_sub(y), exact(i128::from(left) - i128::from(right)));
        prop_assert_eq!(x.checked_neg(), exact(-i128::from(left)));
        if a != b {
            let mismatch = Err(MoneyError::CurrencyMismatch { left: a, right: b });
            prop_assert_eq!(x.checked_add(Money::new(right, b)), mismatch);
            prop_assert_eq!(x.checked_sub(Money::new(right, b)), mismatch);
        }
    }
}
