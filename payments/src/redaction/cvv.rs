//! A verification code that nobody keeps by accident.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::digits::{self, FromDigits, Separators};

const SHORTEST: usize = 3;
const LONGEST: usize = 4;

/// A card's verification code (CVV, CVC, CID), for the one authorization that it was typed in for.
///
/// PCI DSS allows nobody to store it once the authorization is over, encrypted or not. So it cannot be
/// displayed, serialized, cloned or compared, `Debug` shows nothing, and its memory is wiped when it goes.
///
/// It is read by [`FromStr`] and by serde, from a string of three or four digits.
///
/// ```
/// use steadfast_payments::redaction::Cvv;
///
/// let cvv: Cvv = "123".parse()?;
/// assert_eq!(format!("{cvv:?}"), "Cvv(..)");
/// assert_eq!(cvv.expose(|digits| digits.len()), 3);
/// # Ok::<(), steadfast_payments::redaction::CvvError>(())
/// ```
///
/// None of these compiles:
///
/// ```compile_fail,E0277
/// # let cvv: steadfast_payments::redaction::Cvv = "123".parse().unwrap();
/// println!("{cvv}");
/// ```
///
/// ```compile_fail,E0277
/// # let cvv: steadfast_payments::redaction::Cvv = "123".parse().unwrap();
/// serde_json::to_string(&cvv).unwrap();
/// ```
///
/// ```compile_fail,E0599
/// # let cvv: steadfast_payments::redaction::Cvv = "123".parse().unwrap();
/// let kept_for_later = cvv.clone();
/// ```
pub struct Cvv(Zeroizing<String>);

/// Why a text is no [`Cvv`]. Nothing of the text is in it.
///
/// ```
/// use steadfast_payments::redaction::{Cvv, CvvError};
///
/// assert_eq!("12".parse::<Cvv>().unwrap_err(), CvvError::Length { digits: 2 });
/// assert_eq!("12 3".parse::<Cvv>().unwrap_err(), CvvError::Character { at: 2 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CvvError {
    /// There is something else than digits.
    #[error("the verification code has a character at byte {at} that is no digit")]
    Character {
        /// Where, in bytes from 0.
        at: usize,
    },
    /// No card's code has that many digits.
    #[error("the verification code has {digits} digits, and cards have {SHORTEST} or {LONGEST}")]
    Length {
        /// How many there are.
        digits: usize,
    },
}

impl Cvv {
    /// Hands out the digits: to send them with the authorization.
    ///
    /// What the closure copies out of it is no longer wiped or hidden.
    ///
    /// See [`Cvv`] for an example.
    pub fn expose<R>(&self, use_of: impl FnOnce(&str) -> R) -> R {
        use_of(&self.0)
    }
}

impl FromStr for Cvv {
    type Err = CvvError;

    fn from_str(text: &str) -> Result<Self, CvvError> {
        let digits = digits::read(text, Separators::Refused, LONGEST).map_err(|at| CvvError::Character { at })?;
        if !(SHORTEST..=LONGEST).contains(&digits.count) {
            return Err(CvvError::Length { digits: digits.count });
        }
        Ok(Self(digits.text))
    }
}

/// Nothing of it.
impl fmt::Debug for Cvv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cvv(..)")
    }
}

/// From a string: a number would have lost its leading zeros. The error of what is no code has nothing
/// of it.
impl<'de> Deserialize<'de> for Cvv {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FromDigits::new("a verification code, as a string of digits").read(deserializer)
    }
}
