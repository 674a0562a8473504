//! What an event belongs to.

use std::fmt;
use std::sync::Arc;

/// What an event is about, such as an order's number: events of one key reach each handler one after
/// another, in the order in which they were published.
///
/// Its `Debug` does not show it.
///
/// ```
/// use steadfast_tasks::bus::Key;
///
/// let key = Key::from(17);
/// assert_eq!(key, Key::from("17"));
/// assert_eq!(key.as_str(), "17");
/// assert_eq!(format!("{key:?}"), "Key(..)");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

/// What ties together all that is done for one request or message: events carry it, the spans of their
/// handlers have it as `correlation_id`, and what a handler publishes inherits it.
///
/// It is written to logs. Choose something that may be read there.
///
/// ```
/// use steadfast_tasks::bus::CorrelationId;
///
/// let id = CorrelationId::from("req-4711");
/// assert_eq!(id.as_str(), "req-4711");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrelationId(Arc<str>);

impl Key {
    /// The key as it was given.
    ///
    /// See [`Key`] for an example.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl CorrelationId {
    /// The id as it was given.
    ///
    /// See [`CorrelationId`] for an example.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! from_text {
    ($name:ident: $($text:ty),+) => {
        $(impl From<$text> for $name {
            fn from(text: $text) -> Self {
                Self(text.into())
            }
        })+
    };
}

from_text!(Key: &str, String, Arc<str>);
from_text!(CorrelationId: &str, String, Arc<str>);

/// In decimal.
impl From<u64> for Key {
    fn from(number: u64) -> Self {
        Self::from(number.to_string())
    }
}
