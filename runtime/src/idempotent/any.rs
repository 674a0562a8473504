//! A store that is chosen when the program runs.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use super::record::{AtHand, Outcome, Record, RecordId, Seen, Token};
use super::store::{Claimed, Held, NewClaim, Resolution, Store, StoreError};

/// One store of any kind, for a program that is told at run time where its records are kept.
///
/// A function under `#[idempotent]` names one type of store. Where the configuration decides between
/// several, that type is this one. It answers as the store inside does, at the price of one allocation
/// for each question; who has one kind of store only does without it. Clones are the same store.
///
/// ```
/// use steadfast::Rejection;
/// use steadfast::idempotent::{AnyStore, MemoryStore};
///
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "snake_case")]
/// enum Records {
///     Memory { max_records: usize },
///     // Sqlite { url: String }, with `AnyStore::new(SqlStore::connect(&url).await?)` below
/// }
///
/// fn open(records: Records) -> AnyStore {
///     match records {
///         Records::Memory { max_records } => AnyStore::new(MemoryStore::new(max_records)),
///     }
/// }
///
/// #[steadfast::idempotent(name = "docs.any_store.charge", key = key, payload = amount, store = records)]
/// async fn charge(records: AnyStore, amount: u64, key: String) -> Result<u64, Rejection> {
///     Ok(amount + 1)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let records = open(serde_json::from_str(r#"{ "memory": { "max_records": 1000 } }"#)?);
/// assert_eq!(charge(records.clone(), 500, "order-17".into()).await?, 501);
/// assert_eq!(charge(records.clone(), 500, "order-17".into()).await?, 501); // replayed
/// assert_eq!(charge(records, 900, "order-17".into()).await.unwrap_err().code(), "payload_conflict");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AnyStore(Arc<dyn Boxed>);

impl AnyStore {
    /// This store, its type forgotten.
    ///
    /// ```
    /// use steadfast::idempotent::{AnyStore, MemoryStore};
    ///
    /// let records = AnyStore::new(MemoryStore::default());
    /// assert_eq!(format!("{records:?}"), "AnyStore(MemoryStore)");
    /// ```
    pub fn new<S: Store>(store: S) -> Self {
        Self(Arc::new(store))
    }
}

/// What kind of store is inside, and nothing of what it knows.
impl fmt::Debug for AnyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyStore({})", self.0.kind())
    }
}

impl Store for AnyStore {
    async fn claim(&self, claim: NewClaim) -> Result<Claimed, StoreError> {
        self.0.claim(claim).await
    }

    fn at_hand(&self, id: &RecordId) -> Option<AtHand> {
        self.0.at_hand(id)
    }

    async fn complete(&self, id: &RecordId, token: Token, outcome: Outcome) -> Result<Held, StoreError> {
        self.0.complete(id, token, outcome).await
    }

    async fn release(&self, id: &RecordId, token: Token) -> Result<Held, StoreError> {
        self.0.release(id, token).await
    }

    async fn extend(&self, id: &RecordId, token: Token, lease_until: SystemTime) -> Result<Held, StoreError> {
        self.0.extend(id, token, lease_until).await
    }

    async fn get(&self, id: &RecordId) -> Result<Option<Record>, StoreError> {
        self.0.get(id).await
    }

    async fn unknowns(
        &self,
        now: SystemTime,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<(RecordId, Record)>, StoreError> {
        self.0.unknowns(now, after, limit).await
    }

    async fn resolve(
        &self,
        id: &RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &str,
    ) -> Result<Held, StoreError> {
        self.0.resolve(id, seen, resolution, reason).await
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`Store`], as a trait object has to have it.
trait Boxed: Send + Sync {
    fn kind(&self) -> &'static str;
    fn claim(&self, claim: NewClaim) -> Answer<'_, Claimed>;
    fn at_hand(&self, id: &RecordId) -> Option<AtHand>;
    fn complete<'a>(&'a self, id: &'a RecordId, token: Token, outcome: Outcome) -> Answer<'a, Held>;
    fn release<'a>(&'a self, id: &'a RecordId, token: Token) -> Answer<'a, Held>;
    fn extend<'a>(&'a self, id: &'a RecordId, token: Token, lease_until: SystemTime) -> Answer<'a, Held>;
    fn get<'a>(&'a self, id: &'a RecordId) -> Answer<'a, Option<Record>>;
    fn unknowns<'a>(
        &'a self,
        now: SystemTime,
        after: Option<&'a RecordId>,
        limit: usize,
    ) -> Answer<'a, Vec<(RecordId, Record)>>;
    fn resolve<'a>(&'a self, id: &'a RecordId, seen: Seen, resolution: Resolution, reason: &'a str)
    -> Answer<'a, Held>;
}

impl<S: Store> Boxed for S {
    /// The type's name, without its path and what it is generic over.
    fn kind(&self) -> &'static str {
        let name = type_name::<S>();
        let name = name.split_once('<').map_or(name, |(name, _)| name);
        name.rsplit("::").next().unwrap_or(name)
    }

    fn claim(&self, claim: NewClaim) -> Answer<'_, Claimed> {
        Box::pin(Store::claim(self, claim))
    }

    fn at_hand(&self, id: &RecordId) -> Option<AtHand> {
        Store::at_hand(self, id)
    }

    fn complete<'a>(&'a self, id: &'a RecordId, token: Token, outcome: Outcome) -> Answer<'a, Held> {
        Box::pin(Store::complete(self, id, token, outcome))
    }

    fn release<'a>(&'a self, id: &'a RecordId, token: Token) -> Answer<'a, Held> {
        Box::pin(Store::release(self, id, token))
    }

    fn extend<'a>(&'a self, id: &'a RecordId, token: Token, lease_until: SystemTime) -> Answer<'a, Held> {
        Box::pin(Store::extend(self, id, token, lease_until))
    }

    fn get<'a>(&'a self, id: &'a RecordId) -> Answer<'a, Option<Record>> {
        Box::pin(Store::get(self, id))
    }

    fn unknowns<'a>(
        &'a self,
        now: SystemTime,
        after: Option<&'a RecordId>,
        limit: usize,
    ) -> Answer<'a, Vec<(RecordId, Record)>> {
        Box::pin(Store::unknowns(self, now, after, limit))
    }

    fn resolve<'a>(
        &'a self,
        id: &'a RecordId,
        seen: Seen,
        resolution: Resolution,
        reason: &'a str,
    ) -> Answer<'a, Held> {
        Box::pin(Store::resolve(self, id, seen, resolution, reason))
    }
}
