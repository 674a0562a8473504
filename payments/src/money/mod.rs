//! Money: an amount in minor units, and the currency whose minor units they are.
//!
//! An amount is an `i64` of cents, yen or fils, never a float and never a bare number. What a minor
//! unit is, ISO 4217 says: the euro has 2 decimals, the yen none, the Kuwaiti dinar 3. What has no
//! minor unit (gold, the code for tests) is no [`Currency`] here, so no amount is without decimals
//! by accident.
//!
//! ```
//! use steadfast_payments::{Currency, Money};
//!
//! // From a form or a report: strict, and nothing is rounded.
//! let price: Money = "19.90 EUR".parse()?;
//! assert_eq!((price.minor(), price.currency()), (1990, Currency::EUR));
//! assert!(Money::parse("19.901", Currency::EUR).is_err());
//!
//! // The same number is another amount in another currency.
//! assert_eq!(Money::new(1990, Currency::JPY).to_string(), "1990 JPY");
//! assert_eq!(Money::new(1990, Currency::KWD).to_string(), "1.990 KWD");
//!
//! // Sums say when they cannot be: no overflow, no euros added to dollars.
//! let total = price.checked_add(Money::new(495, Currency::EUR))?;
//! assert_eq!(total.to_string(), "24.85 EUR");
//! assert!(total.checked_add(Money::new(1, Currency::USD)).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | what is wrong | error |
//! |---|---|
//! | not an amount: a sign in the wrong place, a comma, a space, a point without digits | [`ParseMoneyError::Malformed`], with the place |
//! | more decimals than the currency has | [`ParseMoneyError::TooManyDecimals`] |
//! | more than an `i64` of minor units | [`ParseMoneyError::OutOfRange`] |
//! | no currency, or one without minor units | [`ParseMoneyError::Currency`] |
//! | two currencies in one sum | [`MoneyError::CurrencyMismatch`] |
//! | a sum that is too large | [`MoneyError::Overflow`] |
//!
//! None of them repeats what was read: it may be a card number in the wrong column.

mod amount;
mod currency;
mod parse;
#[cfg(test)]
mod tests;

pub use amount::{Money, MoneyError};
pub use currency::{Currency, CurrencyError};
pub use parse::ParseMoneyError;
