//! Sums in several currencies, and amounts as a report shows them.

use std::collections::BTreeMap;
use std::fmt;

use steadfast_payments::{Currency, Money};

/// Sums in each currency. Amounts of different currencies are never added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums(BTreeMap<Currency, i128>);

impl Sums {
    pub(crate) fn add(&mut self, money: Money) {
        let sum = self.0.entry(money.currency()).or_default();
        *sum = sum.saturating_add(i128::from(money.minor()));
    }

    pub(crate) fn subtract(&mut self, money: Money) {
        let sum = self.0.entry(money.currency()).or_default();
        *sum = sum.saturating_sub(i128::from(money.minor()));
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
            write!(f, "{separator}{} {currency}", written(minor, currency))?;
        }
        if self.0.values().all(|minor| *minor == 0) { f.write_str("nothing") } else { Ok(()) }
    }
}

/// An amount as people read it: `1,234.50 EUR`.
pub(crate) fn shown(money: Money) -> String {
    format!("{} {}", written(i128::from(money.minor()), money.currency()), money.currency())
}

/// `1,234.50`
fn written(minor: i128, currency: Currency) -> String {
    let decimals = currency.exponent() as usize;
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
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

    #[test]
    fn amounts_have_their_currencys_digits() {
        let shown = |minor, currency| shown(Money::new(minor, currency));
        assert_eq!(shown(123_450, Currency::EUR), "1,234.50 EUR");
        assert_eq!(shown(5, Currency::USD), "0.05 USD");
        assert_eq!(shown(1_234_567, Currency::JPY), "1,234,567 JPY");
        assert_eq!(shown(1_234_567, Currency::KWD), "1,234.567 KWD");
        assert_eq!(shown(-120, Currency::GBP), "-1.20 GBP");
        assert_eq!(shown(0, Currency::JPY), "0 JPY");
    }

    #[test]
    fn currencies_are_summed_apart() {
        let mut sums = Sums::default();
        assert_eq!(sums.to_string(), "nothing");
        sums.add(Money::new(100, Currency::USD));
        sums.add(Money::new(250, Currency::EUR));
        sums.add(Money::new(50, Currency::EUR));
        assert_eq!(sums.to_string(), "3.00 EUR, 1.00 USD");
        sums.subtract(Money::new(300, Currency::EUR));
        assert_eq!(sums.to_string(), "1.00 USD");
    }
}
