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
/// Strings of all kinds, [`IdempotencyKey`], references and `Option`s of them, and, with the
/// feature `uuid`, `uuid::Uuid` are keys. Implement it for a type of your own, such as an
/// extractor:
///
/// ```
/// use std::borrow::Cow;
/// use steadfast::idempotent::AsKey;
///
/// struct PaymentId(String);
///
/// impl AsKey for PaymentId {
///     fn as_key(&self) -> Option<Cow<'_, str>> {
///         Some(Cow::Borrowed(&self.0))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an idempotency key",
    label = "this is no key",
    note = "strings, `IdempotencyKey`, `uuid::Uuid` (feature `uuid`) and `Option`s of them are keys",
    note = "name a field of it that is one, or implement `steadfast::idempotent::AsKey`"
)]
pub trait AsKey {
    /// The key's text; `None` where the caller gave none.
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

pub(super) fn check(text: &str, part: KeyPart) -> Result<(), KeyError> {
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

/// Why a text is not a key, or not a scope.
///
/// ```
/// use steadfast::idempotent::{IdempotencyKey, KeyFlaw};
///
/// let error = IdempotencyKey::new("k".repeat(256)).unwrap_err();
/// assert_eq!(error.flaw(), KeyFlaw::TooLong { characters: 256 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    part: KeyPart,
    flaw: KeyFlaw,
}

/// Which part of a record's identity an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPart {
    /// The key that the caller gave.
    Key,
    /// The scope, such as a tenant.
    Scope,
}

/// What is wrong with a key or a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFlaw {
    /// There is none.
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
    pub const fn part(&self) -> KeyPart {
        self.part
    }

    /// What is wrong with it.
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
