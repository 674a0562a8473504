//! What is wrong with secrets and settings, told before the first delivery comes.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

/// A secret, the one before it, and the same of another scheme: more are a mistake, and work for
/// whoever wants us to work.
pub(super) const MAX_SECRETS: usize = 4;

/// Why a verifier or a signer is not made. It echoes nothing of a secret.
///
/// ```
/// use steadfast_payments::webhooks::{SecretFlaw, SetupError, Verifier};
///
/// let error = Verifier::standard(["whsec_c2hvcnQ="]).unwrap_err();
/// assert!(matches!(error, SetupError::Secret { nth: 1, flaw: SecretFlaw::Short { bytes: 5, at_least: 24 } }));
/// assert_eq!(error.to_string(), "secret 1 has 5 bytes, and can be guessed: at least 24 are needed");
///
/// let error = Verifier::stripe(["sk_live_4eC39HqLyjWDarjtT1zdp7dc"]).unwrap_err();
/// assert_eq!(error.to_string(), "secret 1 does not begin with `whsec_`: give the endpoint's signing secret, not an API key");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// There is no secret, so nothing could ever be right.
    #[error("there is no secret: nothing could be verified or signed")]
    NoSecret,
    /// There are more secrets than a replacement needs.
    #[error("there are more than {limit} secrets; take out those that are not in use")]
    TooManySecrets {
        /// How many there may be.
        limit: usize,
    },
    /// One of the secrets is none.
    #[error("secret {nth} {flaw}")]
    Secret {
        /// Which one, counted from 1.
        nth: usize,
        /// What is wrong with it.
        flaw: SecretFlaw,
    },
    /// A tolerance below a second, in which no delivery arrives, or beyond a day, in which anybody
    /// who kept one can send it again.
    #[error("a tolerance of {is:?} is not between a second and a day; five minutes is what senders expect")]
    Tolerance {
        /// The tolerance that was given.
        is: Duration,
    },
    /// A limit on bodies that lets none through.
    #[error("a body of at most 0 bytes is none; a megabyte is the default")]
    MaxBody,
}

/// What is wrong with a secret.
///
/// See [`SetupError`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretFlaw {
    /// It begins with none of the prefixes that say what it is for.
    Prefix {
        /// Those that it may begin with.
        expected: &'static str,
    },
    /// A Stripe secret that does not begin with `whsec_`.
    NotStripe,
    /// A private key where deliveries are verified. It belongs to the sender alone.
    PrivateKey,
    /// A public key where deliveries are signed.
    PublicKey,
    /// After the prefix there is no padded base64.
    NotBase64,
    /// It has so few bytes that it can be guessed.
    Short {
        /// How many it has.
        bytes: usize,
        /// How many it needs.
        at_least: usize,
    },
    /// It has more bytes than any such secret.
    Long {
        /// How many it may have.
        at_most: usize,
    },
    /// Bytes that are no ed25519 key, or one under which everything is right.
    NotAKey,
    /// A space, a line break or another character that no secret has: it was copied with more than
    /// itself.
    NotVisibleAscii,
}

impl fmt::Display for SecretFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { expected } => write!(f, "begins with none of {expected}"),
            Self::NotStripe => {
                f.write_str("does not begin with `whsec_`: give the endpoint's signing secret, not an API key")
            }
            Self::PrivateKey => {
                f.write_str("is the sender's private key (`whsk_`): verify with the public one (`whpk_`)")
            }
            Self::PublicKey => f.write_str("is a public key (`whpk_`): sign with the private one (`whsk_`)"),
            Self::NotBase64 => f.write_str("is not padded base64 after its prefix"),
            Self::Short { bytes, at_least } => {
                write!(f, "has {bytes} bytes, and can be guessed: at least {at_least} are needed")
            }
            Self::Long { at_most } => write!(f, "has more than {at_most} bytes"),
            Self::NotAKey => f.write_str("is no ed25519 key of 32 bytes, or one that anybody can sign for"),
            Self::NotVisibleAscii => f.write_str("has a space or another character that no secret has"),
        }
    }
}

/// Each secret read by `read`, at least one.
pub(super) fn each<T>(
    secrets: impl IntoIterator<Item = impl AsRef<str>>,
    read: impl Fn(&str) -> Result<T, SecretFlaw>,
) -> Result<Vec<T>, SetupError> {
    let mut all = Vec::new();
    for (index, secret) in secrets.into_iter().enumerate() {
        if index == MAX_SECRETS {
            return Err(SetupError::TooManySecrets { limit: MAX_SECRETS });
        }
        all.push(read(secret.as_ref()).map_err(|flaw| SetupError::Secret { nth: index + 1, flaw })?);
    }
    if all.is_empty() { Err(SetupError::NoSecret) } else { Ok(all) }
}

/// The bytes of padded base64, wiped when they go.
pub(super) fn decoded(text: &str) -> Result<Zeroizing<Vec<u8>>, SecretFlaw> {
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| SecretFlaw::NotBase64)
}

/// Between so many bytes and so many.
pub(super) fn sized(secret: &[u8], at_least: usize, at_most: usize) -> Result<&[u8], SecretFlaw> {
    match secret.len() {
        bytes if bytes < at_least => Err(SecretFlaw::Short { bytes, at_least }),
        bytes if bytes > at_most => Err(SecretFlaw::Long { at_most }),
        _ => Ok(secret),
    }
}
