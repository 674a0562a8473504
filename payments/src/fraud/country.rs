//! Countries by their two letters.

use std::fmt;
use std::str::FromStr;

use super::FraudError;

/// A country by the two letters of ISO 3166, in upper case.
///
/// Whether there is such a country is not looked up: a card's issuer may use `XK`, and rules only
/// compare.
///
/// ```
/// use steadfast_payments::fraud::Country;
///
/// let country: Country = "de".parse()?;
/// assert_eq!(country, Country::new("DE")?);
/// assert_eq!(country.to_string(), "DE");
/// assert!(Country::new("DEU").is_err());
/// # Ok::<(), steadfast_payments::fraud::FraudError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The country of two letters, in either case.
    ///
    /// # Errors
    /// [`FraudError::Country`] for anything but two ASCII letters, white space around them included.
    ///
    /// See [`Country`] for an example.
    pub fn new(letters: &str) -> Result<Self, FraudError> {
        match *letters.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Ok(Self([first.to_ascii_uppercase(), second.to_ascii_uppercase()]))
            }
            _ => Err(FraudError::Country),
        }
    }
}

impl FromStr for Country {
    type Err = FraudError;

    fn from_str(letters: &str) -> Result<Self, FraudError> {
        Self::new(letters)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.0.map(char::from);
        write!(f, "{first}{second}")
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
