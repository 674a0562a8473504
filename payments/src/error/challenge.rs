//! Where a customer goes to prove who they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The longest address that browsers, proxies and logs agree on, in bytes.
const MOST: usize = 2048;

/// The `https` address at which a customer authenticates a payment (3-D Secure).
///
/// Its path and query are often all that is needed to act for the customer, so `Debug` and `Display`
/// show the host only. [`as_str`](Self::as_str) is the whole, for the customer's browser; so is what
/// serde writes, because a replay must send the customer to the same place.
///
/// ```
/// use steadfast_payments::error::{ChallengeUrl, ChallengeUrlError};
///
/// let url: ChallengeUrl = "https://acs.example/3ds?session=s3cr3t".parse()?;
/// assert_eq!(url.as_str(), "https://acs.example/3ds?session=s3cr3t");
/// assert_eq!(url.to_string(), "https://acs.example/..");
///
/// assert_eq!("javascript:alert(1)".parse::<ChallengeUrl>(), Err(ChallengeUrlError::NotHttps));
/// # Ok::<(), ChallengeUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ChallengeUrl(Box<str>);

/// Why a text is no [`ChallengeUrl`]. The text is not in it.
///
/// See [`ChallengeUrl`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeUrlError {
    /// It does not begin with `https://`: a customer must not be sent anywhere else.
    #[error("the challenge's address does not begin with https://")]
    NotHttps,
    /// There is no host, or one with a user's name before it, which hides where it leads.
    #[error("the challenge's address names no plain host")]
    NoHost,
    /// It has a space, a control character, a quote, or a letter outside ASCII in it.
    #[error("the challenge's address has a character at byte {at} that must be escaped")]
    Unescaped {
        /// Where, in bytes from 0.
        at: usize,
    },
    /// It is longer than 2048 bytes.
    #[error("the challenge's address is longer than {MOST} bytes")]
    TooLong,
}

impl ChallengeUrl {
    /// The whole address, for the customer's browser and for nobody else.
    ///
    /// See [`ChallengeUrl`] for an example.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn host(&self) -> &str {
        host(&self.0).unwrap_or_default()
    }
}

fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    rest.split(['/', '?', '#']).next()
}

/// Whether a URL has this byte as it is; RFC 3986 has a few fewer.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

impl FromStr for ChallengeUrl {
    type Err = ChallengeUrlError;

    fn from_str(url: &str) -> Result<Self, ChallengeUrlError> {
        if url.len() > MOST {
            return Err(ChallengeUrlError::TooLong);
        }
        if let Some(at) = url.bytes().position(|byte| !is_plain(byte)) {
            return Err(ChallengeUrlError::Unescaped { at });
        }
        let host = host(url).ok_or(ChallengeUrlError::NotHttps)?;
        if host.is_empty() || host.starts_with(':') || host.contains('@') {
            return Err(ChallengeUrlError::NoHost);
        }
        Ok(Self(url.into()))
    }
}

/// The host only.
impl fmt::Display for ChallengeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}/..", self.host())
    }
}

/// The host only.
impl fmt::Debug for ChallengeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChallengeUrl({self})")
    }
}

impl<'de> Deserialize<'de> for ChallengeUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
