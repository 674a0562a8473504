//! What people do about calls of unknown outcome: find them, and say what became of them.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::codec::{self, Codec};
use super::policy::Terms;
use super::record::{Outcome, Record, RecordId, RecordState, Seen, Stored};
use super::replay::Replay;
use super::store::{Held, Resolution, Store, StoreError};
use super::time::{Moment, rfc3339};
use crate::{RecordError, ReplayFailure, clock};

/// An operator's hand on a store: lists the calls of unknown outcome, and resolves them.
///
/// What is said to be a call's result is written as the function itself would have written it, so
/// nobody encodes a record by hand. Every resolution needs a reason, which is kept with the record.
///
/// ```
/// use steadfast::idempotent::{MemoryStore, Operator, WhyUnknown};
/// use steadfast::{Failure, Rejection, idempotent};
///
/// #[derive(Debug, Failure)]
/// enum PayoutError {
///     #[failure(unknown)]
///     NoAnswer,
///     #[failure(terminal)]
///     Refused(String),
///     #[failure(transparent)]
///     ByUs(Rejection),
/// }
/// # impl From<Rejection> for PayoutError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::ByUs(rejection)
/// #     }
/// # }
///
/// #[idempotent(name = "docs.operator.payout", key = key, payload = none, store = records)]
/// async fn payout(records: MemoryStore, key: &'static str) -> Result<String, PayoutError> {
///     Err(PayoutError::NoAnswer)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let records = MemoryStore::default();
/// for key in ["order-1", "order-2", "order-3"] {
///     payout(records.clone(), key).await.unwrap_err();
/// }
///
/// let operator = Operator::of(&records);
/// let mut unknowns = operator.unknowns();
/// while let Some(unknown) = unknowns.next().await? {
///     assert_eq!((unknown.id.name(), unknown.why), ("docs.operator.payout", WhyUnknown::Told));
///     let because = "the bank's statement of 3 May";
///     match unknown.id.key() {
///         "order-1" => operator.resolve_with(&unknown, &"po_1".to_owned(), because).await?,
///         "order-2" => operator.resolve_with_error(&unknown, &PayoutError::Refused("closed".into()), because).await?,
///         _ => operator.never_happened(&unknown, because).await?,
///     }
/// }
///
/// assert_eq!(payout(records.clone(), "order-1").await.unwrap(), "po_1");
/// assert!(matches!(payout(records.clone(), "order-2").await, Err(PayoutError::Refused(_))));
/// assert!(matches!(payout(records, "order-3").await, Err(PayoutError::NoAnswer))); // it ran again
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Operator<'a, S, K = Plain> {
    store: &'a S,
    codec: K,
    ttl: Duration,
    page: usize,
}

/// No codec: an [`Operator`] writes results as they are.
#[derive(Clone, Copy, Debug)]
pub struct Plain(());

#[diagnostic::do_not_recommend]
impl Codec for Plain {
    fn encode(&self, _: &RecordId, plain: Vec<u8>) -> Result<Vec<u8>, RecordError> {
        Ok(plain)
    }

    fn decode(&self, _: &RecordId, stored: &[u8]) -> Result<Vec<u8>, RecordError> {
        Ok(stored.to_vec())
    }
}

impl<'a, S: Store> Operator<'a, S> {
    /// An operator of this store. Results that it is told are replayed for 24 hours.
    ///
    /// See [`Operator`] for an example.
    pub fn of(store: &'a S) -> Self {
        Self { store, codec: Plain(()), ttl: Terms::DEFAULT.ttl, page: 100 }
    }
}

impl<'a, S: Store, K: Codec> Operator<'a, S, K> {
    /// With the codec of the function whose calls are resolved (`#[idempotent(codec = ..)]`). Without
    /// it, the function could not read what it is told.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use steadfast::idempotent::{Codec, MemoryStore, Operator};
    ///
    /// fn operator(records: &MemoryStore, seal: Arc<dyn Codec>) -> Operator<'_, MemoryStore, Arc<dyn Codec>> {
    ///     Operator::of(records).codec(seal)
    /// }
    /// ```
    pub fn codec<C: Codec>(self, codec: C) -> Operator<'a, S, C> {
        Operator { store: self.store, codec, ttl: self.ttl, page: self.page }
    }

    /// How long results that it is told are replayed, from now on. Default 24 hours, as a policy's
    /// [`ttl`](super::Idempotency::ttl).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::idempotent::{MemoryStore, Operator};
    ///
    /// let records = MemoryStore::default();
    /// let operator = Operator::of(&records).ttl(Duration::from_secs(7 * 24 * 3600));
    /// ```
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How many records the store is asked for at once. Default 100; zero counts as one.
    ///
    /// ```
    /// use steadfast::idempotent::{MemoryStore, Operator};
    ///
    /// let records = MemoryStore::default();
    /// let operator = Operator::of(&records).page(1000);
    /// ```
    pub fn page(mut self, records: usize) -> Self {
        self.page = records.max(1);
        self
    }

    /// All calls of unknown outcome, one after the other, page by page.
    ///
    /// See [`Operator`] for an example.
    pub fn unknowns(&self) -> Unknowns<'a, S> {
        Unknowns { store: self.store, page: self.page, found: VecDeque::new(), after: None, ended: false }
    }

    /// It happened, with this value, which is replayed from now on.
    ///
    /// # Errors
    /// See [`ResolveError`]; then nothing is changed, but for an answer of the store that was lost.
    ///
    /// See [`Operator`] for an example.
    pub async fn resolve_with<'c, T: Replay<M>, M>(
        &self,
        which: impl Into<Which<'c>>,
        value: &T,
        reason: &str,
    ) -> Result<(), ResolveError> {
        let plain = value.to_record().map(|bytes| Stored::Value(bytes.into()));
        self.happened(which.into(), plain, reason).await
    }

    /// It ended with this terminal error, which is replayed from now on.
    ///
    /// # Errors
    /// See [`ResolveError`]; an error that is not terminal is none that is kept.
    ///
    /// See [`Operator`] for an example.
    pub async fn resolve_with_error<'c, E: ReplayFailure>(
        &self,
        which: impl Into<Which<'c>>,
        error: &E,
        reason: &str,
    ) -> Result<(), ResolveError> {
        let record = error.to_record().ok_or(ResolveError::NotTerminal)?;
        self.happened(which.into(), record.map(|bytes| Stored::Terminal(bytes.into())), reason).await
    }

    /// It never happened: the key is free again, and the next call with it runs.
    ///
    /// # Errors
    /// See [`ResolveError`].
    ///
    /// See [`Operator`] for an example.
    pub async fn never_happened<'c>(&self, which: impl Into<Which<'c>>, reason: &str) -> Result<(), ResolveError> {
        self.resolve(which, Resolution::NeverHappened, reason).await
    }

    /// What the others do, for a result that is encoded already.
    ///
    /// # Errors
    /// See [`ResolveError`].
    ///
    /// ```
    /// use steadfast::idempotent::{MemoryStore, Operator, RecordId, Resolution, ResolveError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let records = MemoryStore::default();
    /// let id = RecordId::new("charges.create", None, "order-17")?;
    /// let none = Operator::of(&records).resolve(&id, Resolution::NeverHappened, "no such order").await;
    /// assert!(matches!(none, Err(ResolveError::NoRecord)));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resolve<'c>(
        &self,
        which: impl Into<Which<'c>>,
        resolution: Resolution,
        reason: &str,
    ) -> Result<(), ResolveError> {
        let Which { id, listed } = which.into();
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ResolveError::NoReason);
        }
        let record = self.store.get(id).await?.ok_or(ResolveError::NoRecord)?;
        refuse_known(&record)?;
        if listed.is_some_and(|listed| listed != record.seen()) {
            return Err(ResolveError::Lost);
        }
        match self.store.resolve(id, record.seen(), resolution, reason).await? {
            Held::Yes => Ok(()),
            Held::Lost => Err(ResolveError::Lost),
        }
    }

    async fn happened(
        &self,
        which: Which<'_>,
        plain: Result<Stored, RecordError>,
        reason: &str,
    ) -> Result<(), ResolveError> {
        let sealed = plain.and_then(|plain| codec::encode(&self.codec, which.id, &plain));
        let stored = sealed.map_err(ResolveError::Unencodable)?;
        let expires_at = Moment::now().wall_after(self.ttl);
        self.resolve(which, Resolution::Happened { stored, expires_at }, reason).await
    }
}

/// Which call is resolved: an [`UnknownOutcome`] as it was listed, or whatever now goes by a [`RecordId`].
///
/// What was found out about a listed call is said of that call only. Were it resolved meanwhile, begun
/// anew and unknown again, it is another one, of which an old statement says nothing: the answer is
/// [`ResolveError::Lost`].
///
/// See [`Operator`] for an example.
#[derive(Clone, Copy, Debug)]
pub struct Which<'c> {
    id: &'c RecordId,
    listed: Option<Seen>,
}

impl<'c> From<&'c RecordId> for Which<'c> {
    fn from(id: &'c RecordId) -> Self {
        Self { id, listed: None }
    }
}

impl<'c> From<&'c UnknownOutcome> for Which<'c> {
    fn from(unknown: &'c UnknownOutcome) -> Self {
        Self { id: &unknown.id, listed: Some(unknown.seen) }
    }
}

fn refuse_known(record: &Record) -> Result<(), ResolveError> {
    match record.state {
        _ if record.is_unknown(clock::wall()) => Ok(()),
        RecordState::InFlight { lease_until } => Err(ResolveError::InFlight { lease_until }),
        RecordState::Ended(_) => Err(ResolveError::Known),
    }
}

/// A call that may have happened.
///
/// It serializes with serde, for a page that operators read; times as RFC 3339. Key and scope are the
/// customer's: it goes to people, not into logs.
///
/// See [`Operator`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownOutcome {
    /// Which call: its function's name, its scope and its key.
    pub id: RecordId,
    /// When it was claimed, by the wall clock.
    pub claimed_at: SystemTime,
    /// Since when the outcome counts as unknown: the end of the lease, or, where its owner said so,
    /// the claim, because the record does not tell more.
    pub since: SystemTime,
    /// Why nobody knows.
    pub why: WhyUnknown,
    pub(super) seen: Seen,
}

/// Why an outcome is unknown.
///
/// See [`Operator`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyUnknown {
    /// Its owner said so: it timed out, panicked, was dropped, or had no answer.
    Told,
    /// Its owner has not renewed the lease: its process died, or stood still.
    LeaseRanOut,
}

impl UnknownOutcome {
    fn of(id: RecordId, record: &Record) -> Self {
        let claimed_at = record.claimed_at;
        let (since, why) = match record.state {
            RecordState::InFlight { lease_until } => (lease_until, WhyUnknown::LeaseRanOut),
            RecordState::Ended(Outcome::Unknown | Outcome::Known { .. }) => (claimed_at, WhyUnknown::Told),
        };
        Self { id, claimed_at, since, why, seen: record.seen() }
    }
}

impl WhyUnknown {
    /// In lower case: `told`, `lease_ran_out`.
    ///
    /// ```
    /// assert_eq!(steadfast::idempotent::WhyUnknown::LeaseRanOut.as_str(), "lease_ran_out");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::LeaseRanOut => "lease_ran_out",
        }
    }
}

impl Serialize for UnknownOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("UnknownOutcome", 6)?;
        fields.serialize_field("name", self.id.name())?;
        fields.serialize_field("scope", &self.id.scope())?;
        fields.serialize_field("key", self.id.key())?;
        fields.serialize_field("claimed_at", &rfc3339(self.claimed_at))?;
        fields.serialize_field("since", &rfc3339(self.since))?;
        fields.serialize_field("why", self.why.as_str())?;
        fields.end()
    }
}

/// The calls of unknown outcome in a store, by [`Operator::unknowns`]. One that becomes unknown
/// behind the place reached so far is not seen any more; the next round has it.
#[derive(Debug)]
pub struct Unknowns<'a, S> {
    store: &'a S,
    page: usize,
    found: VecDeque<UnknownOutcome>,
    after: Option<RecordId>,
    ended: bool,
}

impl<S: Store> Unknowns<'_, S> {
    /// The next one; `None` when there is no more.
    ///
    /// # Errors
    /// When the store cannot be read. It may be asked again.
    ///
    /// See [`Operator`] for an example.
    pub async fn next(&mut self) -> Result<Option<UnknownOutcome>, StoreError> {
        if self.found.is_empty() && !self.ended {
            let page = self.store.unknowns(clock::wall(), self.after.as_ref(), self.page).await?;
            self.ended = page.len() < self.page;
            self.after = page.last().map(|(id, _)| id.clone());
            self.found = page.into_iter().map(|(id, record)| UnknownOutcome::of(id, &record)).collect();
        }
        Ok(self.found.pop_front())
    }
}

/// Why an unknown outcome was not resolved. But for [`Store`](Self::Store), nothing was changed.
///
/// See [`Operator::resolve`] for an example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResolveError {
    /// No reason was given. Whoever looks at the record next year will ask for it.
    NoReason,
    /// There is no such record: it was resolved as never happened, or never was.
    NoRecord,
    /// A call with the key is running.
    InFlight {
        /// Until when its owner is believed to live.
        lease_until: SystemTime,
    },
    /// The outcome is known: a result is recorded already.
    Known,
    /// Somebody else was quicker: another operator, a call that took the record over, or its owner; since
    /// it was listed, where [`Which`] says so.
    Lost,
    /// The result cannot be written as the function would read it.
    Unencodable(RecordError),
    /// The error is not terminal, and only terminal ones are kept.
    NotTerminal,
    /// The store failed; where it was asked to resolve, it may have done so.
    Store(StoreError),
}

impl From<StoreError> for ResolveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReason => f.write_str("a resolution needs a reason"),
            Self::NoRecord => f.write_str("there is no such record"),
            Self::InFlight { lease_until } => {
                write!(f, "a call with the key is running, with a lease until {}", rfc3339(*lease_until))
            }
            Self::Known => f.write_str("the outcome is known already"),
            Self::Lost => f.write_str("the record has changed meanwhile"),
            Self::Unencodable(error) => write!(f, "the result cannot be recorded: {error}"),
            Self::NotTerminal => f.write_str("the error is not terminal, and only terminal ones are kept"),
            Self::Store(error) => write!(f, "the store failed: {error}"),
        }
    }
}

impl std::error::Error for ResolveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unencodable(error) => Some(error),
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
