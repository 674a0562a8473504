//! A second tier: a cache behind the cache, which processes share.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

/// A cache behind the cache, which several processes share: a Redis, for example.
///
/// A [`Cache`](super::Cache) asks it on a miss, within the one run that the callers of a key share,
/// and keeps what it finds for the rest of its life. What the function returns is put there too,
/// values only. An error, or an answer that takes longer than [`limit`](Self::limit), is a miss:
/// the caller does not see it, [`CacheStats::tier_failures`](super::CacheStats::tier_failures)
/// counts it.
///
/// Keys and values come as JSON in bytes. The name of the cache is a part of the key: two caches of
/// one name, in two programs too, share their entries.
///
/// A tier is a handle: clones share its entries. [`MemoryTier`](super::MemoryTier) is one for a
/// single process, and for tests. Another one:
///
/// ```
/// use std::collections::HashMap;
/// use std::convert::Infallible;
/// use std::sync::{Arc, Mutex, PoisonError};
/// use std::time::{Duration, Instant};
///
/// use steadfast::cached::{Cache, Found, SecondTier};
///
/// type Entries = HashMap<(String, Vec<u8>), (Vec<u8>, Instant)>;
///
/// #[derive(Clone, Default)]
/// struct Table(Arc<Mutex<Entries>>);
///
/// impl Table {
///     /// What a round trip does. No await happens while it is held.
///     fn with<T>(&self, what: impl FnOnce(&mut Entries) -> T) -> Result<T, Infallible> {
///         Ok(what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
///     }
/// }
///
/// impl SecondTier for Table {
///     type Error = Infallible;
///
///     async fn get(&self, cache: &str, key: &[u8]) -> Result<Option<Found>, Infallible> {
///         self.with(|entries| {
///             let (value, until) = entries.get(&(cache.to_owned(), key.to_owned()))?;
///             let left = until.checked_duration_since(Instant::now())?;
///             Some(Found { value: value.clone(), left })
///         })
///     }
///
///     async fn put(&self, cache: &str, key: &[u8], value: &[u8], ttl: Duration) -> Result<(), Infallible> {
///         let entry = (value.to_owned(), Instant::now() + ttl);
///         self.with(|entries| drop(entries.insert((cache.to_owned(), key.to_owned()), entry)))
///     }
///
///     async fn remove(&self, cache: &str, key: &[u8]) -> Result<(), Infallible> {
///         self.with(|entries| drop(entries.remove(&(cache.to_owned(), key.to_owned()))))
///     }
///
///     async fn clear(&self, cache: &str) -> Result<(), Infallible> {
///         self.with(|entries| entries.retain(|(of, _), _| of != cache))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // Two processes, in the example two caches.
/// let table = Table::default();
/// let cache = || Cache::<String, u32>::new("rates", Duration::from_secs(60)).tier(table.clone());
/// let (one, other) = (cache(), cache());
///
/// let loaded = one.get_or_load("EUR", || async { Ok::<_, steadfast::Rejection>(108) }).await;
/// let found = other.get_or_load("EUR", || async { Ok::<_, steadfast::Rejection>(0) }).await;
/// assert_eq!((loaded.unwrap(), found.unwrap()), (108, 108)); // it is in the table
/// assert_eq!((other.stats().tier_hits, other.stats().loads), (1, 0));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no second tier of a cache",
    label = "not a `SecondTier`",
    note = "give a store of this library, or implement `steadfast::cached::SecondTier` for a type of yours"
)]
pub trait SecondTier: Clone + Send + Sync + 'static {
    /// What goes wrong. It is logged, so nothing secret may be in its text.
    type Error: Error + Send;

    /// The value of a key, and how long it still lives; `None` where there is none, or it expired.
    fn get(&self, cache: &str, key: &[u8]) -> impl Future<Output = Result<Option<Found>, Self::Error>> + Send;

    /// Keeps a value for that long, in place of any other.
    fn put(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets a key.
    fn remove(&self, cache: &str, key: &[u8]) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets all keys of that cache.
    fn clear(&self, cache: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// How long a call waits for one step. Default: 250 ms.
    fn limit(&self) -> Duration {
        Duration::from_millis(250)
    }
}

/// What a [`SecondTier`] has for a key.
///
/// See [`SecondTier`] for an example.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tiers make it")]
pub struct Found {
    /// The bytes that were put there.
    pub value: Vec<u8>,
    /// How long they still live.
    pub left: Duration,
}

/// Without the value, which may be anything.
impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found").field("left", &self.left).finish_non_exhaustive()
    }
}
