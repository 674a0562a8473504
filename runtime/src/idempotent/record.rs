//! What a store keeps of one key.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, atomic};
use std::time::SystemTime;

use super::fingerprint::Fingerprint;
use super::key::{self, KeyError, KeyPart};

/// A record's identity: the function's declared name, the scope when there is one, and the key.
///
/// Cheap to clone.
///
/// ```
/// use steadfast::idempotent::RecordId;
///
/// let id = RecordId::new("charges.create", Some("tenant-7"), "order-42")?;
/// assert_eq!((id.name(), id.scope(), id.key()), ("charges.create", Some("tenant-7"), "order-42"));
/// # Ok::<(), steadfast::idempotent::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecordId {
    name: Cow<'static, str>,
    /// The scope, then the key.
    text: Arc<str>,
    scope: Option<usize>,
}

impl RecordId {
    /// The identity made of its three parts.
    ///
    /// # Errors
    /// When the scope or the key is not one: empty, longer than 255 characters, or with a
    /// control character.
    pub fn new(name: impl Into<Cow<'static, str>>, scope: Option<&str>, key: &str) -> Result<Self, KeyError> {
        key::check(key, KeyPart::Key)?;
        let text = match scope {
            None => key.into(),
            Some(scope) => {
                key::check(scope, KeyPart::Scope)?;
                [scope, key].concat().into()
            }
        };
        Ok(Self { name: name.into(), text, scope: scope.map(str::len) })
    }

    /// The function's declared name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scope, such as a tenant.
    pub fn scope(&self) -> Option<&str> {
        self.scope.map(|len| &self.text[..len])
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.text[self.scope.unwrap_or_default()..]
    }

    fn parts(&self) -> (&str, Option<&str>, &str) {
        (self.name(), self.scope(), self.key())
    }
}

impl Ord for RecordId {
    /// By name, then scope (none first), then key.
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for RecordId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordId")
            .field("name", &self.name())
            .field("scope", &self.scope())
            .field("key", &self.key())
            .finish()
    }
}

/// Who owns a claim. No two claims share one, in any process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A token that nobody else has: 128 bits under keys that the operating system gave.
    ///
    /// ```
    /// use steadfast::idempotent::Token;
    /// assert_ne!(Token::random(), Token::random());
    /// ```
    pub fn random() -> Self {
        static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
        static NEXT: atomic::AtomicU64 = atomic::AtomicU64::new(0);
        let next = (NEXT.fetch_add(1, atomic::Ordering::Relaxed), std::process::id());
        let [high, low] = KEYS.each_ref().map(|keys| u128::from(keys.hash_one(next)));
        Self((high << 64 | low).to_be_bytes())
    }

    /// What a store keeps of it.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The token that a store kept.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:032x})", u128::from_be_bytes(self.0))
    }
}

/// A known result, as bytes that decode to it.
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// The function's value.
    Value(Arc<[u8]>),
    /// The function's terminal error.
    Terminal(Arc<[u8]>),
}

/// Only the length: what is inside is the user's.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(bytes) => write!(f, "Value({} bytes)", bytes.len()),
            Self::Terminal(bytes) => write!(f, "Terminal({} bytes)", bytes.len()),
        }
    }
}

/// How a claimed call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a result that is replayed until it expires.
    Known {
        /// The result.
        stored: Stored,
        /// When the record may be forgotten.
        expires_at: SystemTime,
    },
    /// Without an answer: it may have happened. Never expires.
    Unknown,
}

/// The state of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Its owner runs, or has died since it last renewed the lease.
    InFlight {
        /// Until when the owner is believed to live.
        lease_until: SystemTime,
    },
    /// It ended.
    Ended(Outcome),
}

/// One version of a record, as it was read. Whoever takes it over says which one was seen, so
/// that nothing which happened since is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The owner.
    pub token: Token,
    /// Counts every write under that owner.
    pub version: u64,
}

/// What a store keeps of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The payload's fingerprint; `None` where the function takes no payload into account.
    pub fingerprint: Option<Fingerprint>,
    /// The owner, also after the end.
    pub token: Token,
    /// Zero when claimed, and one more after every extension, completion and resolution.
    pub version: u64,
    /// When the owner claimed it.
    pub claimed_at: SystemTime,
    /// Its state.
    pub state: RecordState,
    /// What the one who resolved it gave as the reason.
    pub resolved: Option<Arc<str>>,
}

impl Record {
    /// This version of the record.
    pub const fn seen(&self) -> Seen {
        Seen { token: self.token, version: self.version }
    }

    /// Whether the call may have happened and nobody can say: its owner said so, or its lease
    /// ran out.
    pub fn is_unknown(&self, now: SystemTime) -> bool {
        match self.state {
            RecordState::InFlight { lease_until } => lease_until <= now,
            RecordState::Ended(Outcome::Unknown) => true,
            RecordState::Ended(Outcome::Known { .. }) => false,
        }
    }

    /// Whether the record may be forgotten: only a known result expires.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        matches!(self.state, RecordState::Ended(Outcome::Known { expires_at, .. }) if expires_at <= now)
    }
}
