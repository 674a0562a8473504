//! What a payload is recognised by.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::block_api::Sha256VarCore;
use sha2::digest::block_api::{Buffer, CtOutWrapper, FixedOutputCore as _, UpdateCore as _};
use sha2::digest::typenum::U32;

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
        bytes[1..].copy_from_slice(&sha256(text));
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

/// The SHA-256 of a text that is there as a whole. It is the core of [`sha2::Sha256`], which moves
/// and wipes less around it than that one.
fn sha256(text: &[u8]) -> [u8; 32] {
    let mut core = CtOutWrapper::<Sha256VarCore, U32>::default();
    let mut rest = Buffer::<CtOutWrapper<Sha256VarCore, U32>>::default();
    rest.digest_blocks(text, |blocks| core.update_blocks(blocks));
    let mut hash = [0; 32];
    core.finalize_fixed_core(&mut rest, (&mut hash).into());
    hash
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

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn it_is_the_sha_256_of_texts_of_every_length() {
        let text: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for length in 0..=text.len() {
            assert_eq!(sha256(&text[..length])[..], Sha256::digest(&text[..length])[..], "{length} bytes");
        }
    }
}
