//! What is counted, and by what: hashes.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::fraud::{Code, CountedBy};

/// A payment as it is counted: a hash of its idempotency key.
///
/// ```
/// use steadfast_payments::fraud::PaymentId;
///
/// assert_eq!(PaymentId::of("order-17"), PaymentId::of("order-17"));
/// assert_ne!(PaymentId::of("order-17"), PaymentId::of("order-18"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentId([u8; 16]);

impl PaymentId {
    /// The hash of a payment's idempotency key, the same in every process and version.
    ///
    /// See [`PaymentId`] for an example.
    pub fn of(payment: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(payment).into();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Self(short)
    }

    /// What to keep.
    ///
    /// ```
    /// use steadfast_payments::fraud::PaymentId;
    ///
    /// assert_eq!(PaymentId::of("order-17").as_bytes().len(), 16);
    /// ```
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// What payments are counted by, and how far back: a hash of the engine's name, the rule's and the
/// value.
///
/// So no address, card or user is kept where payments are counted. Whoever can guess a value can still
/// find it by its hash.
///
/// ```
/// use std::time::Duration;
/// use steadfast_payments::fraud::VelocityKey;
///
/// let hour = Duration::from_secs(3600);
/// let by_user = VelocityKey::new("checkout", "user_hourly", "u_42", hour);
/// assert_ne!(by_user, VelocityKey::new("checkout", "user_hourly", "u_43", hour));
/// assert_eq!((by_user.window(), by_user.as_bytes().len()), (hour, 32));
/// assert!(!format!("{by_user:?}").contains("u_42"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VelocityKey {
    hash: [u8; 32],
    window: Duration,
}

impl VelocityKey {
    pub(in crate::fraud) const SHORTEST: Duration = Duration::from_millis(1);
    pub(in crate::fraud) const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

    /// The key of a rule's value. A window shorter than a millisecond counts as one, a window longer
    /// than 366 days as 366 days.
    ///
    /// See [`VelocityKey`] for an example.
    pub fn new(engine: &str, rule: &str, value: &str, window: Duration) -> Self {
        let mut hash = Sha256::new();
        for part in [engine, rule, value] {
            // With the length in front, no part runs into the next.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self { hash: hash.finalize().into(), window: window.clamp(Self::SHORTEST, Self::LONGEST) }
    }

    pub(in crate::fraud) fn of(engine: &Code, rule: &Code, by: &CountedBy) -> Self {
        Self::new(engine.as_str(), rule.as_str(), &by.value, by.window)
    }

    /// What to keep payments under. It does not depend on the window.
    ///
    /// See [`VelocityKey`] for an example.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.hash
    }

    /// How far back payments count.
    ///
    /// See [`VelocityKey`] for an example.
    pub const fn window(&self) -> Duration {
        self.window
    }
}

/// Without the hash: the value could be guessed from it.
impl fmt::Debug for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentId").finish_non_exhaustive()
    }
}

/// Without the hash: the value could be guessed from it.
impl fmt::Debug for VelocityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VelocityKey").field("window", &self.window).finish_non_exhaustive()
    }
}
