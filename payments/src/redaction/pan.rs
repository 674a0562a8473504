//! A card number that nobody prints by accident.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::digits::{self, FromDigits, Separators};

/// The digits of the shortest card number (Maestro's).
const SHORTEST: usize = 12;
/// The digits of the longest, by ISO/IEC 7812.
const LONGEST: usize = 19;

/// A card number (primary account number), from the moment it is read until it is a token.
///
/// It cannot be displayed, serialized, cloned or compared, `Debug` shows its last four digits at most, and
/// its memory is wiped when it goes. What may be shown under PCI DSS is [`first_six`](Self::first_six)
/// and [`last_four`](Self::last_four); all of it is seen only inside [`expose`](Self::expose), which a
/// search through the code finds.
///
/// It is read by [`FromStr`] and by serde, from a string of 12 to 19 digits with the right check digit;
/// between two digits may stand one space or dash. What was read from stays as it is: wiping a request's
/// body is for whoever holds it.
///
/// ```
/// use steadfast_payments::redaction::Pan;
///
/// let pan: Pan = "4111 1111 1111 1111".parse()?;
/// assert_eq!((pan.first_six(), pan.last_four()), ("411111", "1111"));
/// assert_eq!(format!("{pan:?}"), "Pan(************1111)");
/// assert_eq!(pan.expose(|digits| digits.len()), 16);
/// # Ok::<(), steadfast_payments::redaction::PanError>(())
/// ```
///
/// None of these compiles:
///
/// ```compile_fail,E0277
/// # let pan: steadfast_payments::redaction::Pan = "4111111111111111".parse().unwrap();
/// println!("{pan}");
/// ```
///
/// ```compile_fail,E0277
/// # let pan: steadfast_payments::redaction::Pan = "4111111111111111".parse().unwrap();
/// serde_json::to_string(&pan).unwrap();
/// ```
///
/// ```compile_fail,E0599
/// # let pan: steadfast_payments::redaction::Pan = "4111111111111111".parse().unwrap();
/// let kept_for_later = pan.clone();
/// ```
pub struct Pan(Zeroizing<String>);

/// Why a text is no [`Pan`]. Nothing of the text is in it.
///
/// ```
/// use steadfast_payments::redaction::{Pan, PanError};
///
/// assert_eq!("4111111111111112".parse::<Pan>().unwrap_err(), PanError::CheckDigit);
/// assert_eq!("4111".parse::<Pan>().unwrap_err(), PanError::Length { digits: 4 });
/// assert_eq!("4111x".parse::<Pan>().unwrap_err(), PanError::Character { at: 4 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PanError {
    /// There is something else than digits with single spaces or dashes between them.
    #[error(
        "the card number has a character at byte {at} that is neither a digit nor a single space or dash between two"
    )]
    Character {
        /// Where, in bytes from 0.
        at: usize,
    },
    /// No card has that many digits.
    #[error("the card number has {digits} digits, and cards have {SHORTEST} to {LONGEST}")]
    Length {
        /// How many there are.
        digits: usize,
    },
    /// The check digit (Luhn) is wrong: most probably a slip of the finger.
    #[error("the card number's check digit is wrong: a digit is mistyped, or two are swapped")]
    CheckDigit,
}

impl Pan {
    /// The first six digits, which say who issued the card. PCI DSS allows them and the last four to be
    /// displayed to those who need them for their work; logs get the last four only.
    ///
    /// See [`Pan`] for an example.
    pub fn first_six(&self) -> &str {
        self.0.get(..6).unwrap_or_default()
    }

    /// The last four digits, for receipts and for customers who choose among their cards.
    ///
    /// See [`Pan`] for an example.
    pub fn last_four(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// Hands out all digits, without separators: to send them to whoever makes a token of them.
    ///
    /// What the closure copies out of it is no longer wiped or hidden.
    ///
    /// See [`Pan`] for an example.
    pub fn expose<R>(&self, use_of: impl FnOnce(&str) -> R) -> R {
        use_of(&self.0)
    }
}

impl FromStr for Pan {
    type Err = PanError;

    fn from_str(text: &str) -> Result<Self, PanError> {
        let digits = digits::read(text, Separators::Allowed, LONGEST).map_err(|at| PanError::Character { at })?;
        if !(SHORTEST..=LONGEST).contains(&digits.count) {
            return Err(PanError::Length { digits: digits.count });
        }
        if !passes_luhn(&digits.text) {
            return Err(PanError::CheckDigit);
        }
        Ok(Self(digits.text))
    }
}

fn passes_luhn(digits: &str) -> bool {
    let weigh = |(index, digit): (usize, u8)| {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        match index % 2 {
            0 => digit,
            _ if digit < 5 => digit * 2,
            _ => digit * 2 - 9,
        }
    };
    digits.bytes().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

/// The last four digits at most.
impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.0.len().saturating_sub(4);
        write!(f, "Pan({:*<hidden$}{})", "", self.last_four())
    }
}

/// From a string. The error of what is no card number has nothing of it.
impl<'de> Deserialize<'de> for Pan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FromDigits::new("a card number, as a string of digits").read(deserializer)
    }
}
