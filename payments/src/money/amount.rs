//! An amount of money, and sums that say when they cannot be.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Currency;

/// An amount in the minor units of a currency. It may be negative: a refund in a report, a balance.
///
/// It serializes as `{"minor": 1990, "currency": "EUR"}`: the name says that these are cents.
///
/// ```
/// use steadfast_payments::{Currency, Money};
///
/// let price = Money::new(1990, Currency::EUR);
/// assert_eq!(price.to_string(), "19.90 EUR");
/// assert_eq!(serde_json::to_string(&price)?, r#"{"minor":1990,"currency":"EUR"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why a sum cannot be.
///
/// See [`Money::checked_add`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The amounts are of two currencies, which have no sum without a rate.
    #[error("amounts in {left} and {right} have no sum; convert one of them first")]
    CurrencyMismatch {
        /// The currency of the first.
        left: Currency,
        /// The currency of the second.
        right: Currency,
    },
    /// The sum does not fit in 64 bits of minor units.
    #[error("the sum is larger than 64 bits of minor units")]
    Overflow,
}

impl Money {
    /// So many minor units: `Money::new(1990, Currency::EUR)` is 19.90 EUR.
    ///
    /// See [`Money`] for an example.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in this currency.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    /// assert_eq!(Money::zero(Currency::EUR).to_string(), "0.00 EUR");
    /// ```
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// How many minor units.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    /// assert_eq!(Money::parse("12.3", Currency::EUR)?.minor(), 1230);
    /// # Ok::<(), steadfast_payments::money::ParseMoneyError>(())
    /// ```
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency whose minor units they are.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    /// assert_eq!(Money::zero(Currency::CHF).currency(), Currency::CHF);
    /// ```
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is more than nothing, as what is charged or refunded must be.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    /// assert!(Money::new(1, Currency::EUR).is_positive());
    /// assert!(!Money::zero(Currency::EUR).is_positive());
    /// ```
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// When they are of two currencies, or the sum is too large.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    /// use steadfast_payments::money::MoneyError;
    ///
    /// let euros = Money::new(100, Currency::EUR);
    /// assert_eq!(euros.checked_add(euros)?, Money::new(200, Currency::EUR));
    /// assert_eq!(
    ///     euros.checked_add(Money::new(100, Currency::USD)),
    ///     Err(MoneyError::CurrencyMismatch { left: Currency::EUR, right: Currency::USD }),
    /// );
    /// assert_eq!(euros.checked_add(Money::new(i64::MAX, Currency::EUR)), Err(MoneyError::Overflow));
    /// # Ok::<(), MoneyError>(())
    /// ```
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_add)
    }

    /// What is left of it without the other; negative where the other is larger.
    ///
    /// # Errors
    /// When they are of two currencies, or the difference is too large.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    ///
    /// let captured = Money::new(1990, Currency::EUR);
    /// let refunded = Money::new(500, Currency::EUR);
    /// assert_eq!(captured.checked_sub(refunded)?.to_string(), "14.90 EUR");
    /// # Ok::<(), steadfast_payments::money::MoneyError>(())
    /// ```
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.with(other, i64::checked_sub)
    }

    /// The same amount the other way round.
    ///
    /// # Errors
    /// For `i64::MIN` minor units, which have no opposite.
    ///
    /// ```
    /// use steadfast_payments::{Currency, Money};
    ///
    /// assert_eq!(Money::new(5, Currency::USD).checked_neg()?.to_string(), "-0.05 USD");
    /// # Ok::<(), steadfast_payments::money::MoneyError>(())
    /// ```
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    fn with(self, other: Self, combine: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        let (left, right) = (self.currency, other.currency);
        if left != right {
            return Err(MoneyError::CurrencyMismatch { left, right });
        }
        let minor = combine(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

/// `-1234.50 EUR`, with all decimals of the currency and no separators: what
/// [`FromStr`](std::str::FromStr) reads.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minor, currency } = *self;
        let sign = if minor < 0 { "-" } else { "" };
        let scale = currency.scale().unsigned_abs();
        let (whole, fraction) = (minor.unsigned_abs() / scale, minor.unsigned_abs() % scale);
        match currency.exponent() as usize {
            0 => write!(f, "{sign}{whole} {currency}"),
            decimals => write!(f, "{sign}{whole}.{fraction:0decimals$} {currency}"),
        }
    }
}
