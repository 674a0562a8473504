//! What a key is, what can be one, and what is wrong with one that is not.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest key or scope, in characters.
const MAX_CHARACTERS: usize = 255;

/// A value that a caller gives to say "this is the same call as before".
///
/// `str`, `String`, `Cow<str>`, `Arc<str>`, `Box<str>`, [`IdempotencyKey`], references to them and
/// `Option`s of them are keys, and so is `uuid::Uuid` with the feature `uuid`. Implement it for a
/// type of your own, such as an extractor:
///
/// ```
/// use std::borrow::Cow;
/// use steadfast::Rejection;
/// use steadfast::idempotent::{AsKey, MemoryStore};
///
/// struct PaymentId(u64);
///
/// impl AsKey for PaymentId {
///     fn as_key(&self) -> Option<Cow<'_, str>> {
///         Some(Cow::Owned(format!("payment-{}", self.0)))
///     }
/// }
///
/// #[steadfast::idempotent(name = "docs.as_key.settle", key = id, payload = none, store = records, claim = claim)]
/// async fn settle(records: MemoryStore, id: PaymentId) -> Result<String, Rejection> {
///     Ok(claim.key().unwrap_or_default().to_owned())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(settle(MemoryStore::default(), PaymentId(17)).await.unwrap(), "payment-17");
/// # }
/// ```
///
/// What makes it a right key is checked when the call runs: 1 to 255 characters, none of them a
/// control character. Another text is refused with [`Reason::InvalidKey`](crate::Reason::InvalidKey).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an idempotency key",
    label = "this is no key",
    note = "strings, `IdempotencyKey`, `uuid::Uuid` (feature `uuid`) and `Option`s of them are keys",
    note = "name a field of it that is one, or implement `steadfast::idempotent::AsKey`"
)]
pub trait AsKey {
    /// The key's text; `None` where the caller gave none, which is
    /// [`MissingKey`](super::MissingKey)'s to judge.
    ///
    /// ```
    /// use steadfast::idempotent::AsKey;
    ///
    /// assert_eq!("order-17".as_key().as_deref(), Some("order-17"));
    /// assert_eq!(None::<String>.as_key(), None);
    /// ```
    fn as_key(&self) -> Option<Cow<'_, str>>;
}

macro_rules! strings {
    ($($type:ty),*) => {
        $(#[diagnostic::do_not_recommend]
        impl AsKey for $type {
            fn as_key(&self) -> Option<Cow<'_, str>> {
                Some(Cow::Borrowed(self))
            }
        })*
    };
}
strings!(str, String, Cow<'_, str>, Arc<str>, Box<str>);

#[diagnostic::do_not_recommend]
impl<K: AsKey + ?Sized> AsKey for &K {
    fn as_key(&self) -> Option<Cow<'_, str>> {
        (**self).as_key()
    }
}

#[diagnostic::do_not_recommend]
impl<K: AsKey> AsKey for Option<K> {
    fn as_key(&self) -> Option<Cow<'_, str>> {
        self.as_ref().and_then(AsKey::as_key)
    }
}

#[cfg(feature = "uuid")]
#[diagnostic::do_not_recommend]
impl AsKey for uuid::Uuid {
    fn as_key(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(self.to_string()))
    }
}

#[diagnostic::do_not_recommend]
impl AsKey for IdempotencyKey {
    fn as_key(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.0))
    }
}

/// A key that is known to be one: 1 to 255 characters, none of them a control character.
///
/// It reads and writes itself with serde as its text, and is cheap to clone.
///
/// ```
/// use steadfast::idempotent::IdempotencyKey;
///
/// let key = IdempotencyKey::new("order-42")?;
/// assert_eq!(key, IdempotencyKey::from_header("\"order-42\"")?);
/// assert_eq!(key.as_str(), "order-42");
/// # Ok::<(), steadfast::idempotent::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The key of a text, as it is.
    ///
    /// # Errors
    /// When it is empty, longer than 255 characters, or holds a control character.
    ///
    /// ```
    /// use steadfast::idempotent::{IdempotencyKey, KeyFlaw};
    ///
    /// assert_eq!(IdempotencyKey::new("order-42")?.as_str(), "order-42");
    /// assert_eq!(IdempotencyKey::new("").unwrap_err().flaw(), KeyFlaw::Empty);
    /// # Ok::<(), steadfast::idempotent::KeyError>(())
    /// ```
    pub fn new(key: impl AsRef<str>) -> Result<Self, KeyError> {
        let key = key.as_ref();
        check(key, KeyPart::Key)?;
        Ok(Self(key.into()))
    }

    /// The key of an `Idempotency-Key` header. `"k"`, quoted as the IETF draft has it, and a bare
    /// `k` are one key.
    ///
    /// # Errors
    /// As [`new`](Self::new); and when a quotation is not closed.
    ///
    /// ```
    /// use steadfast::idempotent::IdempotencyKey;
    /// assert!(IdempotencyKey::from_header("\"never closed").is_err());
    /// ```
    pub fn from_header(value: &str) -> Result<Self, KeyError> {
        let value = value.trim_matches([' ', '\t']);
        match value.strip_prefix('"') {
            Some(quoted) => Self::new(unquoted(quoted).ok_or(KeyError::key(KeyFlaw::Unquoted))?),
            None => Self::new(value),
        }
    }

    /// The key's text.
    ///
    /// See [`IdempotencyKey`] for an example.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An RFC 8941 string after its opening quote. Parameters after it mean nothing to us.
fn unquoted(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => break,
            '\\' => text.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            plain => text.push(plain),
        }
    }
    let rest = characters.as_str().trim_start_matches(' ');
    (rest.is_empty() || rest.starts_with(';')).then_some(text)
}

/// Whether there is more in it than plain characters. Eight are looked at in a few steps; the last
/// eight may overlap with those before.
fn is_odd(text: &[u8]) -> bool {
    let odd = |bytes: &[u8]| bytes.iter().fold(false, |odd, byte| odd | !(b' '..=b'~').contains(byte));
    match text.last_chunk::<8>() {
        Some(last) => text.as_chunks::<8>().0.iter().chain([last]).fold(false, |any, eight| any | odd(eight)),
        None => odd(text),
    }
}

pub(super) fn check(text: &str, part: KeyPart) -> Result<(), KeyError> {
    if !is_odd(text.as_bytes()) && (1..=MAX_CHARACTERS).contains(&text.len()) {
        return Ok(());
    }
    let flaw = if text.is_empty() {
        KeyFlaw::Empty
    } else if text.chars().any(char::is_control) {
        KeyFlaw::NotText
    } else if text.len() > MAX_CHARACTERS && text.chars().count() > MAX_CHARACTERS {
        KeyFlaw::TooLong { characters: text.chars().count() }
    } else {
        return Ok(());
    };
    Err(KeyError { part, flaw })
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for IdempotencyKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = KeyError;

    fn from_str(key: &str) -> Result<Self, KeyError> {
        Self::new(key)
    }
}

impl TryFrom<&str> for IdempotencyKey {
    type Error = KeyError;

    fn try_from(key: &str) -> Result<Self, KeyError> {
        Self::new(key)
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = KeyError;

    fn try_from(key: String) -> Result<Self, KeyError> {
        Self::new(key)
    }
}

impl Serialize for IdempotencyKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a key, or not a scope. It never holds the text.
///
/// ```
/// use steadfast::idempotent::{IdempotencyKey, KeyFlaw, KeyPart};
///
/// let error = IdempotencyKey::new("k".repeat(256)).unwrap_err();
/// assert_eq!((error.part(), error.flaw()), (KeyPart::Key, KeyFlaw::TooLong { characters: 256 }));
/// assert_eq!(error.to_string(), "the idempotency key has 256 characters, at most 255 are allowed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    part: KeyPart,
    flaw: KeyFlaw,
}

/// Which part of a record's identity an error is about.
///
/// See [`KeyError`] and [`RecordId::new`](super::RecordId::new) for examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPart {
    /// The key that the caller gave.
    Key,
    /// The scope, such as a tenant.
    Scope,
}

/// What is wrong with a key or a scope.
///
/// ```
/// use steadfast::idempotent::{IdempotencyKey, KeyFlaw};
///
/// let flaw = |header| IdempotencyKey::from_header(header).unwrap_err().flaw();
/// assert_eq!(flaw("\"\""), KeyFlaw::Empty);
/// assert_eq!(flaw("order\n17"), KeyFlaw::NotText);
/// assert_eq!(flaw("\"order-17"), KeyFlaw::Unquoted);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFlaw {
    /// There is none. Only a scope is told so: a call without a key is
    /// [`Reason::MissingKey`](crate::Reason::MissingKey).
    Missing,
    /// It is empty.
    Empty,
    /// It has more than 255 characters.
    TooLong {
        /// How many it has.
        characters: usize,
    },
    /// It holds a control character.
    NotText,
    /// It begins with a quotation mark and is not a quoted string.
    Unquoted,
}

impl KeyError {
    const fn key(flaw: KeyFlaw) -> Self {
        Self { part: KeyPart::Key, flaw }
    }

    pub(super) const fn missing(part: KeyPart) -> Self {
        Self { part, flaw: KeyFlaw::Missing }
    }

    /// Whether the key or the scope is meant.
    ///
    /// See [`KeyError`] for an example.
    pub const fn part(&self) -> KeyPart {
        self.part
    }

    /// What is wrong with it.
    ///
    /// See [`KeyError`] for an example.
    pub const fn flaw(&self) -> KeyFlaw {
        self.flaw
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part {
            KeyPart::Key => "the idempotency key ",
            KeyPart::Scope => "the scope of the idempotency key ",
        })?;
        match self.flaw {
            KeyFlaw::Missing => f.write_str("is missing"),
            KeyFlaw::Empty => f.write_str("is empty"),
            KeyFlaw::TooLong { characters } => {
                write!(f, "has {characters} characters, at most {MAX_CHARACTERS} are allowed")
            }
            KeyFlaw::NotText => f.write_str("holds a control character"),
            KeyFlaw::Unquoted => f.write_str("is not a quoted string"),
        }
    }
}

impl Error for KeyError {}
