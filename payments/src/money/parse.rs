//! Reading amounts: all of the text is the amount, or it is none.

use std::str::FromStr;

use super::{Currency, CurrencyError, Money};

/// Why a text is no amount. The text is not in it.
///
/// See [`Money::parse`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseMoneyError {
    /// It is not written as an amount.
    #[error("not an amount, at byte {at}: it takes digits, and decimals behind one point, such as 12.34")]
    Malformed {
        /// Where it stops being one, in bytes from 0.
        at: usize,
    },
    /// It has more decimals than the currency. Nothing is rounded.
    #[error("too many decimals: an amount in {currency} has at most {}", currency.exponent())]
    TooManyDecimals {
        /// The currency.
        currency: Currency,
    },
    /// It does not fit in 64 bits of minor units.
    #[error("the amount is larger than 64 bits of minor units")]
    OutOfRange,
    /// What stands behind the amount is no currency to count.
    #[error(transparent)]
    Currency(#[from] CurrencyError),
}

impl Money {
    /// Reads an amount in the main unit: digits, and decimals behind a point, no more than the
    /// currency has; fewer mean the same (`12` and `12.3` are amounts in euros). A minus may stand in
    /// front. Nothing else: no plus, space, separator or exponent.
    ///
    /// # Errors
    /// [`Malformed`](ParseMoneyError::Malformed), with the place;
    /// [`TooManyDecimals`](ParseMoneyError::TooManyDecimals);
    /// [`OutOfRange`](ParseMoneyError::OutOfRange).
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    /// use steadfast_payments::money::ParseMoneyError;
    ///
    /// assert_eq!(Money::parse("-12.34", Currency::EUR)?, Money::new(-1234, Currency::EUR));
    ///
    /// let read = |text| Money::parse(text, Currency::JPY).unwrap_err();
    /// assert_eq!(read("1,200"), ParseMoneyError::Malformed { at: 1 });
    /// assert_eq!(read("1200.00"), ParseMoneyError::TooManyDecimals { currency: Currency::JPY });
    /// assert_eq!(read("99999999999999999999"), ParseMoneyError::OutOfRange);
    /// # Ok::<(), ParseMoneyError>(())
    /// ```
    pub fn parse(text: &str, currency: Currency) -> Result<Self, ParseMoneyError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let sign = if unsigned.len() < text.len() { -1 } else { 1 };
        let (whole, decimals) = split(unsigned).map_err(|at| Malformed { at: at + text.len() - unsigned.len() })?;
        let missing = currency.exponent().checked_sub(length(decimals)).ok_or(TooManyDecimals { currency })?;
        let zeros = std::iter::repeat_n(b'0', missing as usize);
        let minor = whole.bytes().chain(decimals.bytes()).chain(zeros).try_fold(0_i64, |minor, digit| {
            // From below, because the least amount has no positive counterpart.
            minor.checked_mul(10)?.checked_add(sign * i64::from(digit.saturating_sub(b'0')))
        });
        minor.map(|minor| Self::new(minor, currency)).ok_or(OutOfRange)
    }
}

use ParseMoneyError::{Malformed, OutOfRange, TooManyDecimals};

/// The digits before and behind the point; where they stop being some, on a mistake.
fn split(text: &str) -> Result<(&str, &str), usize> {
    let (whole, rest) = digits(text, 0)?;
    match rest.strip_prefix('.') {
        None if rest.is_empty() => Ok((whole, "")),
        None => Err(whole.len()),
        Some(rest) => match digits(rest, whole.len() + 1)? {
            (decimals, "") => Ok((whole, decimals)),
            (decimals, _) => Err(whole.len() + 1 + decimals.len()),
        },
    }
}

/// The digits in front, at least one, and what comes behind them.
fn digits(text: &str, at: usize) -> Result<(&str, &str), usize> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { Err(at) } else { text.split_at_checked(end).ok_or(at) }
}

fn length(decimals: &str) -> u32 {
    u32::try_from(decimals.len()).unwrap_or(u32::MAX)
}

/// `12.34 EUR`: the amount, one space, the code. It reads what [`Display`](std::fmt::Display) writes.
impl FromStr for Money {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, ParseMoneyError> {
        let (amount, code) = text.split_once(' ').ok_or(Malformed { at: text.len() })?;
        Self::parse(amount, Currency::from_code(code)?)
    }
}
