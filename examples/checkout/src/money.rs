//! Amounts in minor units, with their currency.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The currencies that the shop takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Currency {
    Eur,
    Gbp,
    Jpy,
    Usd,
}

impl Currency {
    pub(crate) const ALL: [Self; 4] = [Self::Eur, Self::Gbp, Self::Jpy, Self::Usd];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
            Self::Usd => "USD",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }

    /// How many digits of an amount stand behind the point.
    const fn digits(self) -> usize {
        match self {
            Self::Jpy => 0,
            Self::Eur | Self::Gbp | Self::Usd => 2,
        }
    }
}

/// An amount in a currency's minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Money {
    pub(crate) minor: i64,
    pub(crate) currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", written(i128::from(self.minor), self.currency), self.currency.code())
    }
}

/// Sums in each currency. Amounts of different currencies are never added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums(BTreeMap<Currency, i128>);

impl Sums {
    pub(crate) fn add(&mut self, money: Money) {
        let sum = self.0.entry(money.currency).or_default();
        *sum = sum.saturating_add(i128::from(money.minor));
    }

    pub(crate) fn subtract(&mut self, money: Money) {
        let sum = self.0.entry(money.currency).or_default();
        *sum = sum.saturating_sub(i128::from(money.minor));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (&currency, minor) in &other.0 {
            let sum = self.0.entry(currency).or_default();
            *sum = sum.saturating_add(*minor);
        }
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sums = self.0.iter().filter(|(_, minor)| **minor != 0);
        for (index, (&currency, &minor)) in sums.enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{} {}", written(minor, currency), currency.code())?;
        }
        if self.0.values().all(|minor| *minor == 0) { f.write_str("nothing") } else { Ok(()) }
    }
}

/// `1,234.50`
fn written(minor: i128, currency: Currency) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = currency.digits() + 1);
    let (whole, fraction) = digits.split_at(digits.len() - currency.digits());
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    #[test]
    fn amounts_have_their_currencys_digits() {
        assert_eq!(money(123_450, Currency::Eur).to_string(), "1,234.50 EUR");
        assert_eq!(money(5, Currency::Usd).to_string(), "0.05 USD");
        assert_eq!(money(1_234_567, Currency::Jpy).to_string(), "1,234,567 JPY");
        assert_eq!(money(-120, Currency::Gbp).to_string(), "-1.20 GBP");
        assert_eq!(money(0, Currency::Jpy).to_string(), "0 JPY");
    }

    #[test]
    fn a_code_names_its_currency() {
        assert!(Currency::ALL.into_iter().all(|currency| Currency::of(currency.code()) == Some(currency)));
        assert_eq!(Currency::of("eur"), None);
    }

    #[test]
    fn currencies_are_summed_apart() {
        let mut sums = Sums::default();
        assert_eq!(sums.to_string(), "nothing");
        sums.add(money(100, Currency::Usd));
        sums.add(money(250, Currency::Eur));
        sums.add(money(50, Currency::Eur));
        assert_eq!(sums.to_string(), "3.00 EUR, 1.00 USD");
        sums.subtract(money(300, Currency::Eur));
        assert_eq!(sums.to_string(), "1.00 USD");
    }
}
