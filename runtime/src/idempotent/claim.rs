//! What the function's body knows of its own claim.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::codec::{Codec, encode};
use super::policy::Idempotency;
use super::record::{Outcome, RecordId, Stored, Token};
use super::replay::Replay;
use super::time::Moment;
use crate::RecordError;

/// The version of the derivation. Another one would be another key to the other side.
const DERIVATION: &[u8] = b"steadfast downstream key 1";

/// The call's claim on its key, as the body sees it. A handle: cheap to clone, free to keep.
///
/// It is there before the key is claimed, and says nothing about who holds it.
///
/// `#[idempotent(.., claim = claim)]` binds it under the name that the function chooses:
///
/// ```
/// use steadfast::Rejection;
/// use steadfast::idempotent::MemoryStore;
///
/// #[steadfast::idempotent(
///     name = "docs.claim.charge",
///     scope = tenant,
///     key = key,
///     payload = none,
///     store = records,
///     claim = claim
/// )]
/// async fn charge(records: MemoryStore, tenant: String, key: String) -> Result<String, Rejection> {
///     assert_eq!(claim.name(), "docs.claim.charge");
///     assert_eq!((claim.scope(), claim.key()), (Some(&*tenant), Some(&*key)));
///     Ok(claim.downstream_key().to_owned()) // what the gateway is sent
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // One key for the other side, even where our record of the first call is gone.
/// let sent = charge(MemoryStore::default(), "acme".into(), "order-17".into()).await.unwrap();
/// let again = charge(MemoryStore::default(), "acme".into(), "order-17".into()).await.unwrap();
/// assert_eq!((&sent, sent.len()), (&again, 64));
///
/// let other = charge(MemoryStore::default(), "initech".into(), "order-17".into()).await.unwrap();
/// assert_ne!(sent, other);
/// # }
/// ```
#[derive(Clone)]
pub struct Claim(Arc<Inner>);

struct Inner {
    policy: &'static Idempotency,
    of: Of,
    downstream: OnceLock<String>,
    /// What the key was claimed with, once it was.
    token: OnceLock<Token>,
    /// What stands between the function's results and the store.
    codec: OnceLock<Arc<dyn Codec>>,
    given: Mutex<Option<Given>>,
}

/// What the body was given to write by itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) plain: Stored,
    pub(super) stored: Stored,
}

/// How a call ends, for who writes its record in a transaction of their own.
///
/// It says what [`Store::complete`](super::Store::complete) is told: only a record that is in flight
/// under the token is changed, and is then of one version more. Where there is none the key is
/// somebody else's by now, and the transaction must not commit.
///
/// See [`Claim::completion`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Completion {
    /// The record's identity.
    pub id: RecordId,
    /// The owner.
    pub token: Token,
    /// What the record becomes.
    pub outcome: Outcome,
}

#[derive(Clone)]
pub(super) enum Of {
    Key(RecordId),
    /// A call without a key: only itself.
    Call(Token),
}

impl Claim {
    pub(super) fn new(policy: &'static Idempotency, of: Of) -> Self {
        Self(Arc::new(Inner {
            policy,
            of,
            downstream: OnceLock::new(),
            token: OnceLock::new(),
            codec: OnceLock::new(),
            given: Mutex::new(None),
        }))
    }

    /// The key is claimed with this.
    pub(super) fn hold(&self, token: Token) {
        // A call claims with one token, however often it asks.
        let _ = self.0.token.set(token);
    }

    /// This stands between the results and the store.
    pub(super) fn through(&self, codec: Arc<dyn Codec>) {
        let _ = self.0.codec.set(codec);
    }

    /// What the body has last been given to write by itself.
    pub(super) fn given(&self) -> Option<Given> {
        self.0.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The function's declared name.
    ///
    /// See [`Claim`] for an example.
    pub fn name(&self) -> &'static str {
        self.0.policy.name()
    }

    /// The caller's key; `None` for a call that runs without one (`missing_key = run`).
    ///
    /// See [`Claim`] for an example.
    pub fn key(&self) -> Option<&str> {
        self.id().map(RecordId::key)
    }

    /// The scope; `None` where the function has none, or the call has no key.
    ///
    /// See [`Claim`] for an example.
    pub fn scope(&self) -> Option<&str> {
        self.id().and_then(RecordId::scope)
    }

    /// A key for the call to the other side: 64 hexadecimal digits, derived from name, scope and
    /// key, and the same in every attempt, every process, and every later call with this key. So
    /// the other side sees one call, however often this one is tried.
    ///
    /// A call that runs without a key has one of its own: the same in all its attempts, and in no
    /// other call.
    ///
    /// See [`Claim`] for an example.
    pub fn downstream_key(&self) -> &str {
        self.0.downstream.get_or_init(|| derive(self.name(), &self.0.of))
    }

    /// How the call ends with this value, for a body that completes its record in the transaction in
    /// which it does its work: both are there then, or neither. A store of a database has a method
    /// for it, such as `complete_in` of `steadfast-sql`; this is what those are made of. `None` for a
    /// call without a key, which has no record.
    ///
    /// After the body the layer looks whether the record was committed. If so, its value is the
    /// call's, whatever the body returned: a body that fails after its commit has succeeded. If not,
    /// the layer writes the record as if this had not been called.
    ///
    /// ```
    /// use steadfast::idempotent::{Held, MemoryStore, Store};
    /// use steadfast::{RecordError, Rejection, idempotent};
    ///
    /// # #[derive(Debug, steadfast::Failure)]
    /// # enum TransferError {
    /// #     #[failure(transient)]
    /// #     Lost,
    /// #     #[failure(transient)]
    /// #     Hung,
    /// #     #[failure(unknown)]
    /// #     Unwritable(RecordError),
    /// #     #[failure(transparent)]
    /// #     Refused(Rejection),
    /// # }
    /// # impl From<Rejection> for TransferError { fn from(refused: Rejection) -> Self { Self::Refused(refused) } }
    /// # impl From<RecordError> for TransferError { fn from(error: RecordError) -> Self { Self::Unwritable(error) } }
    /// # impl From<steadfast::idempotent::StoreError> for TransferError {
    /// #     fn from(_: steadfast::idempotent::StoreError) -> Self { Self::Hung }
    /// # }
    /// #[idempotent(
    ///     name = "docs.completion.transfer",
    ///     key = key,
    ///     payload = none,
    ///     store = records,
    ///     claim = claim
    /// )]
    /// async fn transfer(records: MemoryStore, key: String) -> Result<u64, TransferError> {
    ///     let number = 17;
    ///     // In a database: within the transaction that moves the money.
    ///     if let Some(ends) = claim.completion(&number)? {
    ///         match records.complete(&ends.id, ends.token, ends.outcome).await? {
    ///             Held::Yes => {}
    ///             Held::Lost => return Err(TransferError::Lost), // the key is not ours any more: roll back
    ///         }
    ///     }
    ///     Err(TransferError::Hung) // whatever happens after the commit
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(transfer(MemoryStore::default(), "order-17".into()).await.unwrap(), 17);
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the value cannot be written, as [`Replay::to_record`] and the function's codec say; and
    /// where the key is not claimed yet: a claim is bound before the body, which alone can end.
    pub fn completion<T: Replay<M>, M>(&self, value: &T) -> Result<Option<Completion>, RecordError> {
        let Some(id) = self.id() else { return Ok(None) };
        let Some(&token) = self.0.token.get() else {
            return Err(RecordError::new("the key is not claimed: only the function's body can end its call"));
        };
        let plain = Stored::Value(value.to_record()?.into());
        let stored = match self.0.codec.get() {
            Some(codec) => encode(&**codec, id, &plain)?,
            None => plain.clone(),
        };
        let given = Given { plain, stored: stored.clone() };
        *self.0.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(given);
        let expires_at = Moment::now().wall_after(self.0.policy.terms().ttl);
        Ok(Some(Completion { id: id.clone(), token, outcome: Outcome::Known { stored, expires_at } }))
    }

    fn id(&self) -> Option<&RecordId> {
        match &self.0.of {
            Of::Key(id) => Some(id),
            Of::Call(_) => None,
        }
    }
}

impl RecordId {
    /// The [downstream key](Claim::downstream_key) of the call with this identity: to ask the other side what became
    /// of a call whose claim is gone, such as one of [unknown outcome](super::UnknownOutcome).
    ///
    /// ```
    /// use steadfast::idempotent::{MemoryStore, RecordId};
    ///
    /// #[steadfast::idempotent(name = "docs.record_id.charge", key = key, payload = none, store = records, claim = claim)]
    /// async fn charge(records: MemoryStore, key: String) -> Result<String, steadfast::Rejection> {
    ///     Ok(claim.downstream_key().to_owned())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sent = charge(MemoryStore::default(), "order-17".into()).await?;
    /// assert_eq!(RecordId::new("docs.record_id.charge", None, "order-17")?.downstream_key(), sent);
    /// # Ok(())
    /// # }
    /// ```
    pub fn downstream_key(&self) -> String {
        derive(self.name(), &Of::Key(self.clone()))
    }
}

/// Each part with its length in front, so that no two identities are written alike.
fn derive(name: &str, of: &Of) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(DERIVATION);
    part(name.as_bytes());
    match of {
        Of::Key(id) => {
            part(if id.scope().is_some() { b"scope" } else { b"" });
            part(id.scope().unwrap_or_default().as_bytes());
            part(id.key().as_bytes());
        }
        Of::Call(token) => {
            part(b"call");
            part(&token.to_bytes());
        }
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble & 15), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("name", &self.name())
            .field("scope", &self.scope())
            .field("key", &self.key())
            .finish()
    }
}
