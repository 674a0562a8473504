//! Where records are kept: what a store must do, and nothing it must decide.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::fingerprint::Fingerprint;
use super::record::{Outcome, Record, RecordId, Seen, Stored, Token};

/// Keeps records. Every method is one atomic step on one record; a store never compares
/// fingerprints, never reads a clock, and never forgets a record that is in flight or of unknown
/// outcome.
///
/// A step whose answer is lost may be tried again: `claim` by the token that already owns the
/// record answers `Found` with that token, `complete` and `extend` under the same token answer
/// `Held::Yes` again.
///
/// [`MemoryStore`](super::MemoryStore) is the one for a single process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep idempotency records",
    label = "this is no store",
    note = "`steadfast::idempotent::MemoryStore` is one for a single process; a database's is in the crate of its name"
)]
pub trait Store: Clone + Send + Sync + 'static {
    /// Inserts a record in flight where there is none under the id, or in place of the one that
    /// `take_over` saw, if that is still the present one, in the version that was seen. In all
    /// other cases changes nothing and answers the present record.
    ///
    /// One statement of a database: insert, on conflict update where token and version are those
    /// of `take_over`, else read.
    ///
    /// # Errors
    /// [`StoreError::full`] when there is no room; any other error when the store cannot tell.
    /// The core then assumes that the claim may have landed.
    fn claim(&self, claim: NewClaim) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Writes how the call ended, and one version more, if the record is the token's.
    ///
    /// # Errors
    /// When the store cannot tell whether it did.
    fn complete(
        &self,
        id: &RecordId,
        token: Token,
        outcome: Outcome,
    ) -> impl Future<Output = Result<Held, StoreError>> + Send;

    /// Removes the record, if it is the token's and in flight.
    ///
    /// # Errors
    /// When the store cannot tell whether it did.
    fn release(&self, id: &RecordId, token: Token) -> impl Future<Output = Result<Held, StoreError>> + Send;

    /// Moves the end of the lease, and writes one version more, if the record is the token's and
    /// in flight. A lease that ran out may be extended as long as nobody took the record over.
    ///
    /// # Errors
    /// When the store cannot tell whether it did.
    fn extend(
        &self,
        id: &RecordId,
        token: Token,
        lease_until: SystemTime,
    ) -> impl Future<Output = Result<Held, StoreError>> + Send;

    /// The record, expired or not.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get(&self, id: &RecordId) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Records of unknown outcome ([`Record::is_unknown`] at `now`), at most `limit`, in an order
    /// that the store keeps, those after `after`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(RecordId, Record)>, StoreError>> + Send;

    /// Ends the doubt about a record, if it is still in the version that was seen. A record that
    /// stays gets a new [`Token`] and the reason, so that an owner who comes back learns that it
    /// lost; where the record goes, the store tells the reason to its log.
    ///
    /// # Errors
    /// When the store cannot tell whether it did.
    fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> impl Future<Output = Result<Held, StoreError>> + Send;
}

/// What a call wants to own.
#[derive(Clone, Debug)]
pub struct NewClaim {
    /// The record's identity.
    pub id: RecordId,
    /// The payload's fingerprint; `None` where the function takes no payload into account.
    pub fingerprint: Option<Fingerprint>,
    /// The owner to be.
    pub token: Token,
    /// The time, as the core reads it.
    pub now: SystemTime,
    /// Until when the owner is believed to live.
    pub lease_until: SystemTime,
    /// The version of a record that the core decided to replace.
    pub take_over: Option<Seen>,
}

impl NewClaim {
    /// The record that a won claim leaves.
    pub fn record(&self) -> Record {
        Record {
            fingerprint: self.fingerprint,
            token: self.token,
            version: 0,
            claimed_at: self.now,
            state: super::RecordState::InFlight { lease_until: self.lease_until },
            resolved: None,
        }
    }
}

/// A store's answer to a claim.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The caller owns the key.
    Won,
    /// There is a record, and it was left as it is.
    Found(Record),
}

/// Whether the token, or the version that was seen, was still the record's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It was, and the change is written.
    Yes,
    /// It was not, and nothing is changed.
    Lost,
}

/// What somebody found out about a call of unknown outcome.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// It happened, with this result, which is replayed until it expires.
    Happened {
        /// The result.
        stored: Stored,
        /// When the record may be forgotten.
        expires_at: SystemTime,
    },
    /// It never happened: the key is free again.
    NeverHappened,
}

/// Why a store could not answer.
///
/// ```
/// use steadfast::idempotent::StoreError;
///
/// let error = StoreError::new(std::io::Error::other("connection lost"));
/// assert_eq!(error.to_string(), "connection lost");
/// assert!(StoreError::full().is_full());
/// ```
#[derive(Clone, Debug)]
pub struct StoreError(Cause);

#[derive(Clone, Debug)]
enum Cause {
    Full,
    Late,
    Of(Arc<dyn Error + Send + Sync>),
}

impl StoreError {
    /// The store failed, for this reason.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Cause::Of(Arc::from(error.into())))
    }

    /// The store holds as many records as it may.
    pub const fn full() -> Self {
        Self(Cause::Full)
    }

    /// The store did not answer in time.
    pub(super) const fn late() -> Self {
        Self(Cause::Late)
    }

    /// Whether there is no room.
    pub const fn is_full(&self) -> bool {
        matches!(self.0, Cause::Full)
    }

    /// The error behind it, for a refusal.
    pub(super) fn into_cause(self) -> Arc<dyn Error + Send + Sync> {
        match self.0 {
            Cause::Of(error) => error,
            _ => Arc::new(self),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Full => f.write_str("the store is full"),
            Cause::Late => f.write_str("the store did not answer in time"),
            Cause::Of(error) => error.fmt(f),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Of(error) => error.source(),
            _ => None,
        }
    }
}
