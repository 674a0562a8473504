//! What a store keeps of one key.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock, atomic};
use std::time::SystemTime;

use super::fingerprint::Fingerprint;
use super::key::{self, KeyError, KeyPart};

/// A record's identity: the function's declared name, the scope when there is one, and the key.
///
/// Two ids with equal parts are the same record, in every process. Cheap to clone.
///
/// ```
/// use steadfast::idempotent::RecordId;
///
/// let id = RecordId::new("charges.create", Some("tenant-7"), "order-42")?;
/// assert_eq!((id.name(), id.scope(), id.key()), ("charges.create", Some("tenant-7"), "order-42"));
///
/// // Keys of one scope do not meet those of another, nor those without a scope.
/// assert_ne!(id, RecordId::new("charges.create", None, "order-42")?);
/// # Ok::<(), steadfast::idempotent::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RecordId {
    name: Cow<'static, str>,
    /// The scope, then the key.
    text: Text,
    scope: Option<usize>,
}

impl RecordId {
    /// The identity made of its three parts: the name of `#[idempotent(name = ..)]`, the scope
    /// where the function has one, and the caller's key.
    ///
    /// # Errors
    /// When the scope or the key is not one: empty, longer than 255 characters, or with a
    /// control character.
    ///
    /// ```
    /// use steadfast::idempotent::{KeyFlaw, KeyPart, RecordId};
    ///
    /// let error = RecordId::new("charges.create", Some(""), "order-42").unwrap_err();
    /// assert_eq!((error.part(), error.flaw()), (KeyPart::Scope, KeyFlaw::Empty));
    /// ```
    pub fn new(name: impl Into<Cow<'static, str>>, scope: Option<&str>, key: &str) -> Result<Self, KeyError> {
        key::check(key, KeyPart::Key)?;
        if let Some(scope) = scope {
            key::check(scope, KeyPart::Scope)?;
        }
        let text = Text::of(scope.unwrap_or_default(), key);
        Ok(Self { name: name.into(), text, scope: scope.map(str::len) })
    }

    /// The function's declared name.
    ///
    /// See [`RecordId`] for an example.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scope, such as a tenant; `None` where the function has none.
    ///
    /// See [`RecordId`] for an example.
    pub fn scope(&self) -> Option<&str> {
        self.scope.map(|len| &self.text.as_str()[..len])
    }

    /// The caller's key.
    ///
    /// See [`RecordId`] for an example.
    pub fn key(&self) -> &str {
        &self.text.as_str()[self.scope.unwrap_or_default()..]
    }

    fn parts(&self) -> (&str, Option<&str>, &str) {
        (self.name(), self.scope(), self.key())
    }
}

/// By scope and key, which nearly tell records apart: of the functions that share a store, few see
/// the same.
impl Hash for RecordId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.as_bytes().hash(state);
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

/// A text that lies where it is held, if it is short: a call that is answered from its record then
/// allocates nothing for its key.
#[derive(Clone, PartialEq, Eq)]
enum Text {
    /// The rest of the bytes are zero.
    Short {
        len: u8,
        bytes: [u8; SHORT],
    },
    Long(Arc<str>),
}

/// Holds a UUID's text, and leaves no gap.
const SHORT: usize = 38;

impl Text {
    fn of(first: &str, second: &str) -> Self {
        let (start, len) = (first.len(), first.len() + second.len());
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..len), u8::try_from(len)) {
            (Some(place), Ok(len)) => {
                let (head, tail) = place.split_at_mut(start);
                head.copy_from_slice(first.as_bytes());
                tail.copy_from_slice(second.as_bytes());
                Self::Short { len, bytes }
            }
            _ => Self::Long([first, second].concat().into()),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(text) => text.as_bytes(),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            // Two whole texts are one.
            Self::Short { .. } => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Long(text) => text,
        }
    }
}

/// Who owns a claim. No two claims share one, in any process.
///
/// A store keeps its 16 bytes beside the record and compares them: who has another token owns
/// nothing.
///
/// ```
/// use steadfast::idempotent::Token;
///
/// let token = Token::random();
/// let column: [u8; 16] = token.to_bytes();
/// assert_eq!(Token::from_bytes(column), token);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A token that nobody else has. It is no secret.
    ///
    /// ```
    /// use steadfast::idempotent::Token;
    /// assert_ne!(Token::random(), Token::random());
    /// ```
    pub fn random() -> Self {
        // Random by process, from keys that the operating system gave; a count within it. The clock
        // tells forks of one process apart, which share both.
        static BASE: LazyLock<[u64; 2]> = LazyLock::new(|| [0, 1].map(|half| RandomState::new().hash_one(half)));
        static NEXT: atomic::AtomicU64 = atomic::AtomicU64::new(0);
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let spread = |number: u64| number.wrapping_mul(ODD).rotate_left(32);
        let time = spread(now.as_secs() ^ u64::from(now.subsec_nanos()) << 34);
        let count = spread(NEXT.fetch_add(1, atomic::Ordering::Relaxed));
        let [high, low] = [BASE[0] ^ time, BASE[1] ^ count].map(u128::from);
        Self((high << 64 | low).to_be_bytes())
    }

    /// What a store keeps of it.
    ///
    /// See [`Token`] for an example.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The token that a store kept.
    ///
    /// See [`Token`] for an example.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:032x})", u128::from_be_bytes(self.0))
    }
}

/// A known result, as bytes that decode to it: for a serde type its JSON, else what
/// [`Replay`](super::Replay) or [`ReplayFailure`](crate::ReplayFailure) wrote.
///
/// A store keeps the bytes as they are, and which of the two it is. Its `Debug` shows their length
/// only.
///
/// ```
/// use steadfast::idempotent::Stored;
///
/// let stored = Stored::Value(br#"{"id":"ch_17"}"#.as_slice().into());
/// let (column, bytes) = match &stored {
///     Stored::Value(bytes) => ("value", bytes),
///     Stored::Terminal(bytes) => ("terminal", bytes),
/// };
/// assert_eq!((column, bytes.len()), ("value", 14));
/// assert_eq!(format!("{stored:?}"), "Value(14 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Stored {
    /// The function's value.
    Value(Arc<[u8]>),
    /// The function's terminal error.
    Terminal(Arc<[u8]>),
}

impl Stored {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Value(bytes) | Self::Terminal(bytes) => bytes,
        }
    }

    /// The same kind of result, as other bytes.
    pub(super) fn with(&self, bytes: Vec<u8>) -> Self {
        match self {
            Self::Value(_) => Self::Value(bytes.into()),
            Self::Terminal(_) => Self::Terminal(bytes.into()),
        }
    }
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
///
/// See [`Record`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a result that is replayed until it expires.
    Known {
        /// The result.
        stored: Stored,
        /// When the record may be forgotten, by the wall clock: the policy's `ttl` after the end.
        expires_at: SystemTime,
    },
    /// Without an answer: it may have happened. Never expires.
    Unknown,
}

/// The state of a record.
///
/// See [`Record`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Its owner runs, or has died since it last renewed the lease.
    InFlight {
        /// Until when the owner is believed to live, by the wall clock.
        lease_until: SystemTime,
    },
    /// It ended.
    Ended(Outcome),
}

/// One version of a record, as it was read. Whoever takes it over or resolves it says which one
/// was seen, so that nothing which happened since is lost.
///
/// See [`Record`] for an example, and [`Resolution`](super::Resolution) for its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The owner.
    pub token: Token,
    /// The record's [`version`](Record::version).
    pub version: u64,
}

/// What a store keeps of one key.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast::idempotent::{Outcome, Record, RecordState, Seen, Stored, Token};
///
/// const MINUTE: Duration = Duration::from_secs(60);
/// let (now, token) = (SystemTime::now(), Token::random());
///
/// // Claimed, with a lease of a minute.
/// let mut record = Record {
///     fingerprint: None,
///     token,
///     version: 0,
///     claimed_at: now,
///     state: RecordState::InFlight { lease_until: now + MINUTE },
///     resolved: None,
/// };
/// assert!(!record.is_unknown(now));
/// assert!(record.is_unknown(now + MINUTE)); // nobody renewed the lease: it may have happened
/// assert!(!record.is_expired(now + 1_000_000 * MINUTE)); // and never expires
///
/// // Ended, with a result that is kept for an hour.
/// let stored = Stored::Value(b"42".as_slice().into());
/// record.state = RecordState::Ended(Outcome::Known { stored, expires_at: now + 60 * MINUTE });
/// record.version += 1;
/// assert!(!record.is_unknown(now + MINUTE));
/// assert!(record.is_expired(now + 60 * MINUTE));
/// assert_eq!(record.seen(), Seen { token, version: 1 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The payload's fingerprint; `None` where the function takes no payload into account.
    pub fingerprint: Option<Fingerprint>,
    /// The owner, also after the end.
    pub token: Token,
    /// Zero when claimed, and one more after every extension, completion and resolution.
    pub version: u64,
    /// When the owner claimed it, by the wall clock.
    pub claimed_at: SystemTime,
    /// Its state.
    pub state: RecordState,
    /// The reason that was given for a [`Resolution`](super::Resolution); `None` where the owner
    /// ended it.
    pub resolved: Option<Arc<str>>,
}

impl Record {
    /// This version of the record.
    ///
    /// See [`Record`] for an example.
    pub const fn seen(&self) -> Seen {
        Seen { token: self.token, version: self.version }
    }

    /// What a store has [at hand](super::Store::at_hand), which is a known result.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use steadfast::idempotent::{Outcome, Record, RecordState, Stored, Token};
    ///
    /// let (now, stored) = (SystemTime::now(), Stored::Value(b"42".as_slice().into()));
    /// let mut record = Record {
    ///     fingerprint: None,
    ///     token: Token::random(),
    ///     version: 1,
    ///     claimed_at: now,
    ///     state: RecordState::Ended(Outcome::Known { stored: stored.clone(), expires_at: now }),
    ///     resolved: None,
    /// };
    /// assert_eq!(record.at_hand().map(|known| known.stored), Some(stored));
    ///
    /// record.state = RecordState::Ended(Outcome::Unknown);
    /// assert_eq!(record.at_hand(), None);
    /// ```
    pub fn at_hand(&self) -> Option<AtHand> {
        match &self.state {
            RecordState::Ended(Outcome::Known { stored, expires_at }) => {
                Some(AtHand { fingerprint: self.fingerprint, stored: stored.clone(), expires_at: *expires_at })
            }
            _ => None,
        }
    }

    /// Whether the call may have happened and nobody can say: its owner said so, or its lease
    /// ran out by `now`.
    ///
    /// See [`Record`] for an example.
    pub fn is_unknown(&self, now: SystemTime) -> bool {
        match self.state {
            RecordState::InFlight { lease_until } => lease_until <= now,
            RecordState::Ended(Outcome::Unknown) => true,
            RecordState::Ended(Outcome::Known { .. }) => false,
        }
    }

    /// Whether the record may be forgotten by `now`: only a known result expires.
    ///
    /// See [`Record`] for an example.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        matches!(self.state, RecordState::Ended(Outcome::Known { expires_at, .. }) if expires_at <= now)
    }
}

/// A known result, with what says whether a call is answered with it.
///
/// See [`Record::at_hand`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtHand {
    /// The payload's fingerprint; `None` where the function took no payload into account.
    pub fingerprint: Option<Fingerprint>,
    /// The result.
    pub stored: Stored,
    /// When it may be forgotten, by the wall clock.
    pub expires_at: SystemTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_parts_however_long_they_are() {
        let long = "k".repeat(255);
        for scope in [None, Some("s"), Some("ünïcode"), Some(long.as_str())] {
            for length in [1, 30, 36, 37, 38, 39, 255] {
                let id = RecordId::new("charge", scope, &long[..length]).unwrap();
                assert_eq!(id.parts(), ("charge", scope, &long[..length]));
                assert_eq!(id, id.clone());
                assert_ne!(id, RecordId::new("charge", scope, "other").unwrap());
            }
        }
        let [one, other] = [("ab", "c"), ("a", "bc")].map(|(scope, key)| RecordId::new("charge", Some(scope), key));
        assert_ne!(one.unwrap(), other.unwrap());
    }
}
