//! Where records are kept: what a store must do, and nothing it must decide.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::fingerprint::Fingerprint;
use super::record::{AtHand, Outcome, Record, RecordId, Seen, Stored, Token};

/// Keeps records. Every method is one atomic step on one record; a store never compares
/// fingerprints, never reads a clock, and never forgets a record that is in flight or of unknown
/// outcome.
///
/// A step whose answer is lost may be tried again: `claim` by the token that already owns the
/// record answers `Found` with that token, `complete` and `extend` under the same token answer
/// `Held::Yes` again. A record that has ended stays as it is until somebody resolves it, takes it
/// over or forgets it: the function's body may have ended it by itself, in a transaction of its own
/// ([`Claim::completion`](super::Claim::completion)).
///
/// [`MemoryStore`](super::MemoryStore) is the one for a single process. Another one, over a table
/// in which each method is one transaction:
///
/// ```
/// use std::collections::BTreeMap;
/// use std::ops::Bound::{Excluded, Unbounded};
/// use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
/// use std::time::{Duration, SystemTime};
///
/// use steadfast::idempotent::{
///     Claimed, Held, NewClaim, Outcome, Record, RecordId, RecordState, Resolution, Seen, Store, StoreError, Token,
/// };
///
/// /// A handle: its clones share the table.
/// #[derive(Clone, Default)]
/// struct Table(Arc<Mutex<BTreeMap<RecordId, Record>>>);
///
/// impl Table {
///     /// What a database does for a transaction. No await happens while it is held.
///     fn rows(&self) -> MutexGuard<'_, BTreeMap<RecordId, Record>> {
///         self.0.lock().unwrap_or_else(PoisonError::into_inner)
///     }
///
///     /// `UPDATE .. SET version = version + 1, .. WHERE id = .. AND ..`
///     fn update(&self, id: &RecordId, found: impl Fn(&Record) -> bool, change: impl FnOnce(&mut Record)) -> Held {
///         let mut rows = self.rows();
///         let Some(record) = rows.get_mut(id).filter(|record| found(record)) else { return Held::Lost };
///         change(record);
///         record.version += 1;
///         Held::Yes
///     }
///
///     /// The owner's word on a record in flight. One that has ended stays as it is.
///     fn as_owner(&self, id: &RecordId, token: Token, state: RecordState) -> Held {
///         let owned = |record: &Record| record.token == token;
///         match self.update(id, |record| owned(record) && in_flight(record), |record| record.state = state) {
///             Held::Lost if self.rows().get(id).is_some_and(owned) => Held::Yes,
///             held => held,
///         }
///     }
///
///     /// `DELETE FROM .. WHERE id = .. AND ..`
///     fn delete(&self, id: &RecordId, found: impl Fn(&Record) -> bool) -> Held {
///         let mut rows = self.rows();
///         if !rows.get(id).is_some_and(found) {
///             return Held::Lost;
///         }
///         rows.remove(id);
///         Held::Yes
///     }
/// }
///
/// fn in_flight(record: &Record) -> bool {
///     matches!(record.state, RecordState::InFlight { .. })
/// }
///
/// impl Store for Table {
///     async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
///         let mut rows = self.rows();
///         match rows.get(&claim.id) {
///             Some(present) if claim.take_over != Some(present.seen()) => Ok(Claimed::Found(present.clone())),
///             _ => {
///                 rows.insert(claim.id.clone(), claim.record());
///                 Ok(Claimed::Won)
///             }
///         }
///     }
///
///     async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
///         Ok(self.as_owner(id, token, RecordState::Ended(outcome)))
///     }
///
///     async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
///         Ok(self.delete(id, |record| record.token == token && in_flight(record)))
///     }
///
///     async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
///         Ok(self.as_owner(id, token, RecordState::InFlight { lease_until }))
///     }
///
///     async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
///         Ok(self.rows().get(id).cloned())
///     }
///
///     async fn unknowns(
///         &self,
///         now: SystemTime,
///         after: Option<&RecordId>,
///         limit: usize,
///     ) -> Result<Vec<(RecordId, Record)>, StoreError> {
///         let rows = self.rows();
///         let rest = rows.range((after.map_or(Unbounded, Excluded), Unbounded));
///         let unknown = rest.filter(|(_, record)| record.is_unknown(now)).take(limit);
///         Ok(unknown.map(|(id, record)| (id.clone(), record.clone())).collect())
///     }
///
///     async fn resolve(
///         &self,
///         id: &RecordId,
///         seen: Seen,
///         resolution: Resolution,
///         reason: &str,
///     ) -> Result<Held, StoreError> {
///         let unchanged = |record: &Record| record.seen() == seen;
///         Ok(match resolution {
///             Resolution::NeverHappened => {
///                 let held = self.delete(id, unchanged);
///                 if held == Held::Yes {
///                     println!("{id:?} never happened: {reason}");
///                 }
///                 held
///             }
///             Resolution::Happened { stored, expires_at } => self.update(id, unchanged, |record| {
///                 record.token = Token::random();
///                 record.resolved = Some(reason.into());
///                 record.state = RecordState::Ended(Outcome::Known { stored, expires_at });
///             }),
///         })
///     }
/// }
///
/// #[steadfast::idempotent(name = "docs.table.charge", key = key, payload = amount, store = table)]
/// async fn charge(table: Table, amount: u64, key: String) -> Result<u64, steadfast::Rejection> {
///     Ok(amount + 1)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let table = Table::default();
/// assert_eq!(charge(table.clone(), 500, "order-17".into()).await?, 501);
/// assert_eq!(charge(table.clone(), 500, "order-17".into()).await?, 501); // replayed
/// assert_eq!(charge(table.clone(), 900, "order-17".into()).await.unwrap_err().code(), "payload_conflict");
///
/// let id = RecordId::new("docs.table.charge", None, "order-17")?;
/// assert_eq!(table.get(&id).await?.map(|record| record.version), Some(1)); // completed once
/// # Ok(())
/// # }
/// ```
///
/// What is left to add is what forgets expired records ([`Record::is_expired`]), in `claim`, which
/// is told the time, or in a job of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep idempotency records",
    label = "this is no store",
    note = "`steadfast::idempotent::MemoryStore` is one for a single process; implement `steadfast::idempotent::Store` for a database"
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
    ///
    /// See [`NewClaim`] for an example, and [`Store`] for an implementation.
    fn claim(&self, claim: NewClaim) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// The record's [result](Record::at_hand), where the store has it at hand and can answer without
    /// waiting; `None` where there is none, and where it would have to ask. Every call looks here
    /// first: one whose result is there is answered with it, and claims nothing. All others go on to
    /// [`claim`](Self::claim).
    ///
    /// Without an implementation it is `None`. A store over a database leaves it so; it must not
    /// answer with a result that another process may have removed or replaced since.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast::idempotent::{MemoryStore, RecordId, Store};
    ///
    /// #[steadfast::idempotent(name = "docs.at_hand.settle", key = key, payload = none, store = records)]
    /// async fn settle(records: MemoryStore, key: String) -> Result<u32, Rejection> {
    ///     Ok(17)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (records, id) = (MemoryStore::default(), RecordId::new("docs.at_hand.settle", None, "order-17")?);
    /// assert!(records.at_hand(&id).is_none());
    /// settle(records.clone(), "order-17".into()).await?;
    /// assert!(records.at_hand(&id).is_some());
    /// # Ok(())
    /// # }
    /// ```
    fn at_hand(&self, id: &RecordId) -> Option<AtHand> {
        let _ = id;
        None
    }

    /// Writes how the call ended, and one version more, if the record is the token's and in flight.
    /// Where it is the token's and has ended, nothing is changed and the answer is [`Held::Yes`].
    ///
    /// # Errors
    /// When the store cannot tell whether it did. It is then tried again until the lease ends, but
    /// for an unknown outcome, which is what the end of the lease says as well.
    ///
    /// See [`Store`] for an implementation.
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
    ///
    /// See [`NewClaim`] for an example, and [`Store`] for an implementation.
    fn release(&self, id: &RecordId, token: Token) -> impl Future<Output = Result<Held, StoreError>> + Send;

    /// Moves the end of the lease, and writes one version more, if the record is the token's and
    /// in flight. A lease that ran out may be extended as long as nobody took the record over. Where
    /// the record is the token's and has ended, nothing is changed and the answer is [`Held::Yes`].
    ///
    /// # Errors
    /// When the store cannot tell whether it did.
    ///
    /// See [`Store`] for an implementation.
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
    ///
    /// See [`Store`] for an implementation and an example.
    fn get(&self, id: &RecordId) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Records of unknown outcome ([`Record::is_unknown`] at `now`), at most `limit`, in an order
    /// that the store keeps, those after `after`; so the last id of one page begins the next.
    ///
    /// # Errors
    /// When the store cannot be read.
    ///
    /// See [`Resolution`] for an example, and [`Store`] for an implementation.
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
    ///
    /// See [`Resolution`] for an example, and [`Store`] for an implementation.
    fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> impl Future<Output = Result<Held, StoreError>> + Send;
}

/// What a call wants to own.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast::idempotent::{Claimed, Held, MemoryStore, NewClaim, RecordId, Store, Token};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (records, now) = (MemoryStore::default(), SystemTime::now());
/// let mine = NewClaim::new(RecordId::new("charges.create", None, "order-17")?, now, Duration::from_secs(60));
/// let yours = NewClaim { token: Token::random(), ..mine.clone() };
///
/// assert!(matches!(records.claim(mine.clone()).await?, Claimed::Won));
/// let Claimed::Found(present) = records.claim(yours.clone()).await? else { panic!("one key, two owners") };
/// assert_eq!(present, mine.record());
///
/// // Only its owner gives it back.
/// assert_eq!(records.release(&yours.id, yours.token).await?, Held::Lost);
/// assert_eq!(records.release(&mine.id, mine.token).await?, Held::Yes);
/// assert!(matches!(records.claim(yours).await?, Claimed::Won));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct NewClaim {
    /// The record's identity.
    pub id: RecordId,
    /// The payload's fingerprint; `None` where the function takes no payload into account.
    pub fingerprint: Option<Fingerprint>,
    /// The owner to be.
    pub token: Token,
    /// The time, as the core reads it from the wall clock.
    pub now: SystemTime,
    /// What the record is to say of when it was claimed: `now`, or, where an unknown outcome is taken
    /// over, when that one was. A doubt does not get younger by being looked at.
    pub claimed_at: SystemTime,
    /// Until when the owner is believed to live: `now` and the policy's `lease`.
    pub lease_until: SystemTime,
    /// The version of a record that the core decided to replace: one that has expired, or one of
    /// unknown outcome that is to run again. `None` for a claim that expects no record.
    pub take_over: Option<Seen>,
}

impl NewClaim {
    /// A claim that expects no record, of a function without a payload, by a new owner: who is believed
    /// to live from `now` on for the `lease`.
    ///
    /// See [`NewClaim`] for an example.
    pub fn new(id: RecordId, now: SystemTime, lease: Duration) -> Self {
        Self {
            id,
            fingerprint: None,
            token: Token::random(),
            now,
            claimed_at: now,
            lease_until: now.checked_add(lease).unwrap_or(now),
            take_over: None,
        }
    }

    /// The record that a won claim leaves: in flight, in version zero.
    ///
    /// See [`NewClaim`] for an example.
    pub fn record(&self) -> Record {
        Record {
            fingerprint: self.fingerprint,
            token: self.token,
            version: 0,
            claimed_at: self.claimed_at,
            state: super::RecordState::InFlight { lease_until: self.lease_until },
            resolved: None,
        }
    }
}

/// A store's answer to a claim.
///
/// See [`NewClaim`] for an example.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The caller owns the key.
    Won,
    /// There is a record, and it was left as it is.
    Found(Record),
}

/// Whether the token, or the version that was seen, is still the record's.
///
/// See [`NewClaim`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is, and the change is written, or was before.
    Yes,
    /// It is not, and nothing is changed.
    Lost,
}

/// What somebody found out about a call of unknown outcome.
///
/// A job that asks the other side what became of its unknown calls:
///
/// ```
/// use std::time::Duration;
/// use steadfast::idempotent::{Held, MemoryStore, Replay, Resolution, Store, Stored};
/// use steadfast::{Failure, Rejection, clock, idempotent};
///
/// #[derive(Debug, Failure)]
/// enum PayoutError {
///     #[failure(unknown)]
///     NoAnswer,
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
/// # impl From<Rejection> for PayoutError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::Refused(rejection)
/// #     }
/// # }
///
/// #[idempotent(name = "docs.resolution.payout", key = key, payload = amount, store = records)]
/// async fn payout(records: MemoryStore, amount: u64, key: String) -> Result<String, PayoutError> {
///     Err(PayoutError::NoAnswer) // the connection broke after the request was sent
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let records = MemoryStore::default();
/// payout(records.clone(), 500, "order-17".into()).await.unwrap_err();
/// let Err(PayoutError::Refused(refused)) = payout(records.clone(), 500, "order-17".into()).await else { panic!() };
/// assert_eq!(refused.code(), "outcome_unknown");
///
/// for (id, record) in records.unknowns(clock::wall(), None, 100).await? {
///     assert_eq!(id.key(), "order-17");
///     // .. the bank's statement has the payout, as po_17:
///     let resolution = Resolution::Happened {
///         stored: Stored::Value("po_17".to_owned().to_record()?.into()),
///         expires_at: clock::wall() + Duration::from_secs(24 * 3600),
///     };
///     let held = records.resolve(&id, record.seen(), resolution, "on the statement of 3 May").await?;
///     assert_eq!(held, Held::Yes);
/// }
///
/// let replayed = payout(records, 500, "order-17".into()).await.unwrap();
/// assert_eq!(replayed, "po_17");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub enum Resolution {
    /// It happened, with this result, which is replayed until it expires.
    Happened {
        /// The result.
        stored: Stored,
        /// When the record may be forgotten, by the wall clock.
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
/// assert!(!error.is_full());
/// assert!(StoreError::full().is_full());
/// ```
///
/// A caller meets it as [`Reason::StoreUnavailable`](crate::Reason::StoreUnavailable),
/// [`Reason::StoreFull`](crate::Reason::StoreFull), or inside an
/// [`Unrecorded`](super::Unrecorded).
#[derive(Clone, Debug)]
pub struct StoreError(Cause);

#[derive(Clone, Debug)]
enum Cause {
    Full,
    Late,
    Of(Arc<dyn Error + Send + Sync>),
}

impl StoreError {
    /// The store failed, for this reason, which it prints as.
    ///
    /// See [`StoreError`] for an example.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Cause::Of(Arc::from(error.into())))
    }

    /// The store holds as many records as it may, and the claim did not land.
    ///
    /// See [`StoreError`] for an example.
    pub const fn full() -> Self {
        Self(Cause::Full)
    }

    /// The store did not answer in time.
    pub(super) const fn late() -> Self {
        Self(Cause::Late)
    }

    /// Whether there is no room.
    ///
    /// See [`StoreError`] for an example.
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
