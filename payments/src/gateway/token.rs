//! A card, as the gateway's vault names it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use steadfast::mask::{MASKED, mask};

/// The longest token, in bytes.
const MOST: usize = 255;

/// What stands for a card: a token of the gateway's vault, never the card's number.
///
/// A number is refused, also one with something before or behind it: whoever mixes the two up hears of
/// it before the number is stored or sent. A token can be charged, so `Debug` does not show it.
///
/// ```
/// use steadfast_payments::gateway::{CardToken, CardTokenError};
///
/// let token: CardToken = "tok_visa".parse()?;
/// assert_eq!(token.as_str(), "tok_visa");
/// assert_eq!(format!("{token:?}"), "CardToken([masked])");
///
/// assert_eq!("4111 1111 1111 1111".parse::<CardToken>(), Err(CardTokenError::CardData));
/// assert_eq!("card_4111111111111111".parse::<CardToken>(), Err(CardTokenError::CardData));
/// # Ok::<(), CardTokenError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CardToken(Box<str>);

/// Why a text is no [`CardToken`]. The text is not in it.
///
/// See [`CardToken`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardTokenError {
    /// There is a card number, a track or a verification code in it.
    #[error("this is card data, not a token: have the gateway's form tokenize the card, and send its token")]
    CardData,
    /// It is empty.
    #[error("the card's token is empty")]
    Empty,
    /// It is longer than 255 bytes.
    #[error("the card's token is longer than {MOST} bytes")]
    TooLong,
    /// It has a space, a control character, or a letter outside ASCII in it.
    #[error("the card's token has a character at byte {at} that no token has")]
    NotPlain {
        /// Where, in bytes from 0.
        at: usize,
    },
}

impl CardToken {
    /// The token, for the gateway.
    ///
    /// See [`CardToken`] for an example.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CardToken {
    type Err = CardTokenError;

    fn from_str(text: &str) -> Result<Self, CardTokenError> {
        if text.is_empty() {
            return Err(CardTokenError::Empty);
        }
        if text.len() > MOST {
            return Err(CardTokenError::TooLong);
        }
        if has_card_data(text) {
            return Err(CardTokenError::CardData);
        }
        match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            Some(at) => Err(CardTokenError::NotPlain { at }),
            None => Ok(Self(text.into())),
        }
    }
}

/// In a log, digits behind letters are left alone (`tok_4111..` may be an order's id). Here nothing but
/// a token belongs, so each run of digits is looked at by itself as well; and what has no letter at all,
/// without what stands between its digits.
fn has_card_data(text: &str) -> bool {
    let finds = |part: &str| mask(part) != part;
    let has_letter = text.chars().any(char::is_alphabetic);
    finds(text)
        || text.split(|c: char| !c.is_ascii_digit()).any(finds)
        || (!has_letter && finds(&text.chars().filter(char::is_ascii_digit).collect::<String>()))
}

/// Nothing of it.
impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardToken({MASKED})")
    }
}

impl<'de> Deserialize<'de> for CardToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
