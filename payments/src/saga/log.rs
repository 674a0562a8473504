//! What a saga writes ahead: the trait of a log, and what it is given to keep.

use std::fmt;
use std::time::SystemTime;

use steadfast::idempotent::{Held, Seen, StoreError, Token};

use super::id::SagaId;

/// Keeps what sagas write ahead. Every method is one atomic step; a log never reads a clock, never looks
/// into an entry, and decides nothing: it compares tokens, versions and positions.
///
/// Of each saga it keeps one [`SagaRecord`]: who owns it (a [`Token`]), a version, a [`Status`], and the
/// entries in their order, which are bytes that are kept as they are (JSON in UTF-8). In SQL that is a
/// table of sagas and a table of entries, written in one transaction. What is answered must be durable:
/// an action runs only after the entry that says so was answered with [`Held::Yes`]. Times are whole
/// milliseconds, and are kept as exactly.
///
/// A step whose answer is lost is tried again, by the same token: `claim` then answers
/// [`Claimed::Found`] with that token, `append` and `renew` answer [`Held::Yes`] again.
///
/// [`MemorySagaLog`](super::MemorySagaLog) is the one for a single process. The feature `conformance`
/// has the checks that any log must pass. What an executor asks of one:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast::idempotent::{Held, Token};
/// use steadfast_payments::saga::{Claimed, MemorySagaLog, NewClaim, NewEntry, SagaId, SagaLog, Then, Which};
///
/// const MINUTE: Duration = Duration::from_secs(60);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (log, now) = (MemorySagaLog::default(), SystemTime::now());
/// let (id, token) = (SagaId::new("checkout", "order-17")?, Token::random());
/// let (entry, lease_until) = (b"{}".to_vec(), now + MINUTE);
/// let begin = NewClaim { id: id.clone(), token, lease_until, entry: entry.clone(), take_over: None };
/// assert!(matches!(log.claim(begin).await?, Claimed::Won));
///
/// let started = NewEntry { seq: 1, entry: entry.clone(), then: Then::GoesOn };
/// assert_eq!(log.append(&id, token, started.clone()).await?, Held::Yes);
/// assert_eq!(log.append(&id, token, started).await?, Held::Yes); // the answer was lost: it is there once
/// assert_eq!(log.renew(&id, token, now + 2 * MINUTE).await?, Held::Yes);
///
/// // Nobody renews it any more.
/// let abandoned = Which::Abandoned { now: now + 2 * MINUTE };
/// assert_eq!(log.list("checkout", abandoned, None, 100).await?, [id.clone()]);
///
/// let done = NewEntry { seq: 2, entry, then: Then::Ended { at: now } };
/// assert_eq!(log.append(&id, token, done).await?, Held::Yes);
/// assert_eq!(log.load(&id).await?.map(|record| record.entries.len()), Some(3));
/// assert_eq!(log.purge(now + MINUTE, 100).await?, 1);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep what sagas write ahead",
    label = "this is no log of sagas",
    note = "`steadfast_payments::saga::MemorySagaLog` is one for a single process; `steadfast-sql` and `steadfast-redis` have one behind their feature `payments`"
)]
pub trait SagaLog: Clone + Send + Sync + 'static {
    /// Begins a saga, or takes one over.
    ///
    /// Where there is no saga under the id, and the claim's `take_over` is `None`: keeps
    /// [`NewClaim::record`]. Where there is one, and its token and version are those of `take_over`:
    /// the entry is put behind its entries, token and lease become the claim's, the status
    /// [`Status::Open`], and the version is one more. That holds for a saga that is stuck, too. In
    /// all other cases nothing changes: the answer is [`Claimed::Found`] with the present record and
    /// all its entries, or [`Claimed::Gone`].
    ///
    /// # Errors
    /// [`StoreError::full`] when there is no room. Any other when the log cannot tell; it may have
    /// landed.
    ///
    /// See [`SagaLog`] for an example.
    fn claim(&self, claim: NewClaim) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Puts an entry behind the others, if the saga is the token's, is open, and has exactly
    /// [`NewEntry::seq`] entries. The version is one more, and the status becomes what
    /// [`NewEntry::then`] says. A lease that ran out makes no difference, as long as nobody took over.
    ///
    /// Where the saga is the token's and has more than `seq` entries, the entry was written before:
    /// nothing changes, and the answer is [`Held::Yes`], whatever the status. In all other cases
    /// nothing changes, and it is [`Held::Lost`].
    ///
    /// # Errors
    /// When the log cannot tell whether it did. It is then tried again until the lease ends.
    ///
    /// See [`SagaLog`] for an example.
    fn append(
        &self,
        id: &SagaId,
        token: Token,
        entry: NewEntry,
    ) -> impl Future<Output = Result<Held, StoreError>> + Send;

    /// Moves the end of the lease, and writes one version more, if the saga is the token's and open. A
    /// lease that ran out may be renewed as long as nobody took over; one that is moved to the past is
    /// given back. Where the saga is the token's and not open, nothing changes and the answer is
    /// [`Held::Yes`]; where it is not the token's, [`Held::Lost`].
    ///
    /// # Errors
    /// When the log cannot tell whether it did.
    ///
    /// See [`SagaLog`] for an example.
    fn renew(
        &self,
        id: &SagaId,
        token: Token,
        lease_until: SystemTime,
    ) -> impl Future<Output = Result<Held, StoreError>> + Send;

    /// The saga with all its entries; `None` where there is none.
    ///
    /// # Errors
    /// When the log cannot be read.
    ///
    /// See [`SagaLog`] for an example.
    fn load(&self, id: &SagaId) -> impl Future<Output = Result<Option<SagaRecord>, StoreError>> + Send;

    /// Ids of this definition's sagas in that state, at most `limit`, in an order that the log keeps,
    /// those after `after`; so the last id of one page begins the next. A page of fewer than `limit` is the
    /// last one.
    ///
    /// # Errors
    /// When the log cannot be read.
    ///
    /// See [`SagaLog`] for an example.
    fn list(
        &self,
        saga: &str,
        which: Which,
        after: Option<&SagaId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SagaId>, StoreError>> + Send;

    /// Forgets sagas of all definitions that [ended](Status::Ended) before that moment, at most `limit`
    /// of them, with their entries, and returns how many. Sagas that are open or stuck are never
    /// forgotten.
    ///
    /// # Errors
    /// When the log cannot tell whether it did.
    ///
    /// See [`SagaLog`] for an example.
    fn purge(&self, ended_before: SystemTime, limit: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

/// What an executor, or an operator, wants to own.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast::idempotent::Token;
/// use steadfast_payments::saga::{Claimed, MemorySagaLog, NewClaim, SagaId, SagaLog};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (log, now) = (MemorySagaLog::default(), SystemTime::now());
/// let begin = NewClaim {
///     id: SagaId::new("checkout", "order-17")?,
///     token: Token::random(),
///     lease_until: now + Duration::from_secs(60),
///     entry: b"{}".to_vec(),
///     take_over: None,
/// };
/// assert!(matches!(log.claim(begin.clone()).await?, Claimed::Won));
///
/// // Who comes later is shown it, and may take over what was seen.
/// let later = NewClaim { token: Token::random(), ..begin };
/// let Claimed::Found(present) = log.claim(later.clone()).await? else { panic!("two owners") };
/// let over = NewClaim { take_over: Some(present.seen()), ..later };
/// assert!(matches!(log.claim(over.clone()).await?, Claimed::Won));
/// assert_eq!(log.load(&over.id).await?.map(|record| record.entries.len()), Some(2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NewClaim {
    /// The saga's identity.
    pub id: SagaId,
    /// The owner to be.
    pub token: Token,
    /// Until when the owner is believed to live, by the wall clock.
    pub lease_until: SystemTime,
    /// What is written with the claim.
    pub entry: Vec<u8>,
    /// The version of a saga that is to be taken over; `None` to begin one.
    pub take_over: Option<Seen>,
}

impl NewClaim {
    /// The record that a claim leaves which begins a saga: open, in version zero, with one entry.
    ///
    /// ```
    /// # use std::time::SystemTime;
    /// # use steadfast::idempotent::Token;
    /// # use steadfast_payments::saga::{NewClaim, SagaId};
    /// # let id = SagaId::new("checkout", "order-17")?;
    /// let (token, lease_until) = (Token::random(), SystemTime::now());
    /// let record = NewClaim { id, token, lease_until, entry: b"{}".to_vec(), take_over: None }.record();
    /// assert_eq!((record.version, record.entries.len()), (0, 1));
    /// # Ok::<(), steadfast::idempotent::KeyError>(())
    /// ```
    pub fn record(&self) -> SagaRecord {
        SagaRecord {
            token: self.token,
            version: 0,
            status: Status::Open { lease_until: self.lease_until },
            entries: vec![self.entry.clone()],
        }
    }
}

/// A log's answer to a claim.
///
/// See [`NewClaim`] for an example.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The saga is the token's.
    Won,
    /// There is a saga, and it was left as it is.
    Found(SagaRecord),
    /// What was to be taken over is not there any more.
    Gone,
}

/// An entry, and where it belongs.
///
/// See [`NewEntry::then`] for what else it changes.
///
/// ```
/// use steadfast_payments::saga::{NewEntry, Then};
///
/// let entry = NewEntry { seq: 1, entry: b"{}".to_vec(), then: Then::GoesOn };
/// assert_eq!(format!("{entry:?}"), "NewEntry { seq: 1, entry: 2 bytes, then: GoesOn }");
/// ```
#[derive(Clone)]
pub struct NewEntry {
    /// How many entries stand before it.
    pub seq: u64,
    /// The entry.
    pub entry: Vec<u8>,
    /// What becomes of the saga with it.
    pub then: Then,
}

/// What becomes of a saga with an entry.
///
/// See [`NewEntry`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It stays open, and its lease is as it was.
    GoesOn,
    /// It is stuck: nobody owns it, and an operator has to look.
    Stuck,
    /// It ended at that moment, by the wall clock; nobody owns it any more.
    Ended {
        /// When.
        at: SystemTime,
    },
}

/// The state of a saga, as far as a log has to know it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::saga::{Status, Then};
///
/// let now = SystemTime::now();
/// let open = Status::Open { lease_until: now + Duration::from_secs(60) };
/// assert_eq!(open.after(Then::GoesOn), open);
/// assert_eq!(open.after(Then::Ended { at: now }), Status::Ended { at: now });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its owner runs it, or has died since it last renewed the lease.
    Open {
        /// Until when the owner is believed to live, by the wall clock.
        lease_until: SystemTime,
    },
    /// A step failed for good where the saga can go neither on nor back by itself.
    Stuck,
    /// It is done, or undone.
    Ended {
        /// When, by the wall clock.
        at: SystemTime,
    },
}

impl Status {
    /// The status that an entry leaves.
    ///
    /// See [`Status`] for an example.
    #[must_use]
    pub const fn after(self, then: Then) -> Self {
        match then {
            Then::GoesOn => self,
            Then::Stuck => Self::Stuck,
            Then::Ended { at } => Self::Ended { at },
        }
    }
}

/// Which sagas are listed.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use steadfast_payments::saga::{Status, Which};
///
/// let now = SystemTime::now();
/// let open = Status::Open { lease_until: now };
/// assert!(Which::Abandoned { now }.includes(open));
/// assert!(!Which::Abandoned { now: now - Duration::from_secs(1) }.includes(open));
/// assert!(Which::Stuck.includes(Status::Stuck));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are open, with a lease that ended at `now` or before.
    Abandoned {
        /// The time, as the core reads it from the wall clock.
        now: SystemTime,
    },
    /// Those that are stuck.
    Stuck,
}

impl Which {
    /// Whether a saga in that state is one of them.
    ///
    /// See [`Which`] for an example.
    pub fn includes(self, status: Status) -> bool {
        match (self, status) {
            (Self::Abandoned { now }, Status::Open { lease_until }) => lease_until <= now,
            (Self::Stuck, Status::Stuck) => true,
            _ => false,
        }
    }
}

/// What a log keeps of one saga.
///
/// See [`NewClaim`] for an example.
#[derive(Clone, PartialEq, Eq)]
pub struct SagaRecord {
    /// The owner, also after the end.
    pub token: Token,
    /// Zero when begun, and one more after every take-over, entry and renewal.
    pub version: u64,
    /// Its state.
    pub status: Status,
    /// What was written, in its order.
    pub entries: Vec<Vec<u8>>,
}

impl SagaRecord {
    /// This version of the saga.
    ///
    /// See [`NewClaim`] for an example.
    pub const fn seen(&self) -> Seen {
        Seen { token: self.token, version: self.version }
    }
}

/// Only lengths: what is inside is the user's.
struct Bytes<'a>(&'a [u8]);

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl fmt::Debug for NewClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewClaim")
            .field("id", &self.id)
            .field("token", &self.token)
            .field("lease_until", &self.lease_until)
            .field("entry", &Bytes(&self.entry))
            .field("take_over", &self.take_over)
            .finish()
    }
}

impl fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEntry")
            .field("seq", &self.seq)
            .field("entry", &Bytes(&self.entry))
            .field("then", &self.then)
            .finish()
    }
}

impl fmt::Debug for SagaRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SagaRecord")
            .field("token", &self.token)
            .field("version", &self.version)
            .field("status", &self.status)
            .field("entries", &format_args!("{} entries", self.entries.len()))
            .finish()
    }
}
