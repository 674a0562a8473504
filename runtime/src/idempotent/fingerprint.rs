//! What a payload is recognised by.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::json;
use crate::RecordError;

/// The version of the canonical form. A change to it would make conflicts of all retries, so it
/// is part of the fingerprint.
const VERSION: u8 = 1;

/// The SHA-256 of a call's payload in canonical JSON, with the version of that form in front.
///
/// Two calls with one key and different fingerprints are a conflict. The order of an object's fields
/// makes no difference (RFC 8785), and integers count exactly, whatever their size. It prints, and
/// goes through serde, as 66 hexadecimal digits.
///
/// ```
/// use steadfast::idempotent::Fingerprint;
///
/// let one = Fingerprint::of(&serde_json::json!({"amount": 100, "currency": "EUR"}))?;
/// let same = Fingerprint::of(&serde_json::json!({"currency": "EUR", "amount": 100}))?;
/// assert_eq!(one, same);
/// assert_eq!(Fingerprint::from_bytes(one.to_bytes()), one);
/// # Ok::<(), steadfast::RecordError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 33]);

impl Fingerprint {
    /// The fingerprint of a payload.
    ///
    /// # Errors
    /// When it cannot be written as JSON without loss: a number that is not finite, a map whose
    /// keys have no text, a key twice, more than 127 levels.
    ///
    /// ```
    /// use steadfast::idempotent::Fingerprint;
    ///
    /// let large = 1_u64 << 53;
    /// assert_ne!(Fingerprint::of(&large)?, Fingerprint::of(&(large + 1))?);
    /// assert!(Fingerprint::of(&f64::INFINITY).is_err());
    /// # Ok::<(), steadfast::RecordError>(())
    /// ```
    pub fn of<T: Serialize + ?Sized>(payload: &T) -> Result<Self, RecordError> {
        json::canonical(payload).map(|text| Self::of_canonical(&text))
    }

    pub(super) fn of_canonical(text: &[u8]) -> Self {
        let mut bytes = [VERSION; 33];
        bytes[1..].copy_from_slice(&Sha256::digest(text));
        Self(bytes)
    }

    /// The version, then the hash; what a store keeps.
    ///
    /// See [`Fingerprint`] for an example.
    pub const fn to_bytes(self) -> [u8; 33] {
        self.0
    }

    /// The fingerprint that a store kept.
    ///
    /// See [`Fingerprint`] for an example.
    pub const fn from_bytes(bytes: [u8; 33]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| serde::de::Error::custom("not a fingerprint"))
    }
}

fn parse(text: &str) -> Option<Fingerprint> {
    let digits = text.as_bytes();
    if digits.len() != 66 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0; 33];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(Fingerprint(bytes))
}
