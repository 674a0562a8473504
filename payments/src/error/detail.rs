//! What somebody else said, with nothing in it that must not be kept.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use steadfast::mask::mask;

/// How much of a text is kept, in bytes: a page of HTML from a proxy says nothing more.
const MOST: usize = 500;

/// A text from outside, such as a gateway's reason, that may go into errors, logs and records: its card
/// data is masked, and it is short.
///
/// ```
/// use steadfast_payments::error::Detail;
///
/// let detail = Detail::from("card 4111-1111-1111-1111, cvv 123: do not honor");
/// assert_eq!(detail.as_str(), "card ************1111, cvv [masked]: do not honor");
/// assert_eq!(Detail::from("x".repeat(10_000)).as_str().len(), 500);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Detail(Box<str>);

impl Detail {
    /// The text, masked.
    ///
    /// See [`Detail`] for an example.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        // Masked before it is cut, so that no card number loses the digits that it is known by; and
        // after, because a cut can make one of a longer number. That may make it longer by a word, which is
        // cut, too, and holds no digit.
        let masked = mask(text);
        Self(short(&mask(short(&masked))).into())
    }
}

fn short(text: &str) -> &str {
    let ends = (0..=MOST).rev();
    if text.len() <= MOST { text } else { ends.filter_map(|end| text.get(..end)).next().unwrap_or_default() }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Detail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Doing it twice changes nothing, so a record comes back as it was, and a text from elsewhere
        // is masked and cut all the same.
        String::deserialize(deserializer).map(Self::from)
    }
}
