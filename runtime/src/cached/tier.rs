//! A second tier: a cache behind the cache, which processes share.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::hear::{Invalidations, Origin};
use super::when_down::WhenDown;

/// A cache behind the cache, which several processes share: a Redis, for example.
///
/// A [`Cache`](super::Cache) asks it on a miss, within the one run that the callers of a key share,
/// and keeps what it finds for the rest of its life. What the function returns is put there too,
/// values only. An error, or an answer that takes longer than [`limit`](Self::limit), is counted by
/// [`CacheStats::tier_failures`](super::CacheStats::tier_failures); what becomes of the call is
/// [`WhenDown`](Self::WhenDown).
///
/// Keys and values come as JSON in bytes. The name of the cache is a part of the key: two caches of
/// one name, in two programs too, share their entries.
///
/// # What was loaded before an invalidation
///
/// It must not be there after it. So an answer has a [`Ticket`] with it, and a value is put with the
/// ticket of the answer that its load began with: the tier leaves it out where the key was removed
/// or replaced since, or the cache cleared, by whatever process. And a tier that hears of what other
/// processes invalidate tells the caches of this one ([`listen`](Self::listen)), which then keep
/// nothing of loads that are under way.
///
/// # Example
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
/// use steadfast::cached::{Asked, Cache, Found, Invalidations, Listeners, Origin, SecondTier, Ticket, when_down};
///
/// #[derive(Default)]
/// struct Entries {
///     values: HashMap<(String, Vec<u8>), (Vec<u8>, Instant)>,
///     /// How often anything was removed.
///     changes: u64,
/// }
///
/// #[derive(Clone, Default)]
/// struct Table(Arc<(Mutex<Entries>, Listeners)>);
///
/// impl Table {
///     /// What a round trip does. No await happens while it is held.
///     fn with<T>(&self, what: impl FnOnce(&mut Entries) -> T) -> Result<T, Infallible> {
///         Ok(what(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner)))
///     }
/// }
///
/// impl SecondTier for Table {
///     type Error = Infallible;
///     type WhenDown = when_down::Run;
///
///     async fn get(&self, cache: &str, key: &[u8]) -> Result<Asked, Infallible> {
///         self.with(|entries| {
///             let found = entries.values.get(&(cache.to_owned(), key.to_owned())).and_then(|(value, until)| {
///                 Some(Found { value: value.clone(), left: until.checked_duration_since(Instant::now())? })
///             });
///             Asked { found, ticket: Ticket::from(entries.changes.to_be_bytes()) }
///         })
///     }
///
///     async fn put(
///         &self, cache: &str, key: &[u8], value: &[u8], ttl: Duration, ticket: &Ticket,
///     ) -> Result<(), Infallible> {
///         let entry = (value.to_owned(), Instant::now() + ttl);
///         self.with(|entries| {
///             if ticket.as_bytes() == entries.changes.to_be_bytes() {
///                 entries.values.insert((cache.to_owned(), key.to_owned()), entry);
///             }
///         })
///     }
///
///     async fn replace(
///         &self, cache: &str, key: &[u8], value: &[u8], ttl: Duration, by: Origin,
///     ) -> Result<(), Infallible> {
///         self.remove(cache, key, by).await?;
///         let entry = (value.to_owned(), Instant::now() + ttl);
///         self.with(|entries| drop(entries.values.insert((cache.to_owned(), key.to_owned()), entry)))
///     }
///
///     async fn remove(&self, cache: &str, key: &[u8], by: Origin) -> Result<(), Infallible> {
///         self.with(|entries| {
///             entries.changes += 1;
///             entries.values.remove(&(cache.to_owned(), key.to_owned()));
///         })?;
///         self.0.1.forget(cache, key, by);
///         Ok(())
///     }
///
///     async fn clear(&self, cache: &str, by: Origin) -> Result<(), Infallible> {
///         self.with(|entries| {
///             entries.changes += 1;
///             entries.values.retain(|(of, _), _| of != cache);
///         })?;
///         self.0.1.forget_all(cache, by);
///         Ok(())
///     }
///
///     fn listen(&self, cache: &'static str, to: Invalidations) {
///         self.0.1.add(cache, to);
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
///
/// one.invalidate("EUR").await.unwrap();
/// assert_eq!(other.get("EUR"), None); // it was told
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no second tier of a cache",
    label = "not a `SecondTier`",
    note = "give a store of this library, or implement `steadfast::cached::SecondTier` for a type of yours"
)]
pub trait SecondTier: Clone + Send + Sync + 'static {
    /// What goes wrong. It is logged and handed to callers, so nothing secret may be in its text.
    type Error: Error + Send + Sync + 'static;

    /// What becomes of a miss while the tier does not answer: [`Run`](super::when_down::Run) or
    /// [`Refuse`](super::when_down::Refuse). A tier that can be down lets whoever makes it choose.
    type WhenDown: WhenDown;

    /// The value of a key, and how long it still lives. With it comes a ticket, also where there is
    /// no value or it has expired.
    fn get(&self, cache: &str, key: &[u8]) -> impl Future<Output = Result<Asked, Self::Error>> + Send;

    /// Keeps what was loaded for that long, in place of any other. Does nothing where the key was
    /// removed or replaced, or the cache cleared, since the ticket was given.
    fn put(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        ticket: &Ticket,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Puts a value in, whatever is there and whatever is being loaded, and lets the other caches
    /// know that theirs is no longer right.
    fn replace(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        by: Origin,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets a key, and lets the other caches know.
    fn remove(&self, cache: &str, key: &[u8], by: Origin) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Forgets all keys of that cache, and lets the other caches know.
    fn clear(&self, cache: &str, by: Origin) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// How long a call waits for one step. Default: 250 ms.
    fn limit(&self) -> Duration {
        Duration::from_millis(250)
    }

    /// A cache of this process wants to hear of what others invalidate from now on. It is called
    /// before the tier is asked, so many times for one cache: [`Listeners`](super::Listeners) keep it
    /// once. Default: nobody is told, and what another process invalidates is handed out here until
    /// it expires.
    fn listen(&self, cache: &'static str, to: Invalidations) {
        let _ = (cache, to);
    }
}

/// What a [`SecondTier`] answers.
///
/// See [`SecondTier`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tiers make it")]
pub struct Asked {
    /// The value, where there is one that lives.
    pub found: Option<Found>,
    /// What a value that is loaded now is put with.
    pub ticket: Ticket,
}

/// What a value is put with: it says after which invalidations its load began. Bytes that only the
/// tier understands.
///
/// ```
/// use steadfast::cached::Ticket;
///
/// assert_eq!(Ticket::from([7]).as_bytes(), [7]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(Box<[u8]>);

impl Ticket {
    /// The bytes it was made of.
    ///
    /// See [`Ticket`] for an example.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Ticket {
    fn from(bytes: [u8; N]) -> Self {
        Self(Box::from(bytes))
    }
}

impl From<Vec<u8>> for Ticket {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
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
impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("left", &self.left).finish_non_exhaustive()
    }
}

/// A [`SecondTier`] was not told: the processes that share it may hand out what they have until it
/// expires, up to `ttl`. In this process it is done.
///
/// Try it again, or tell somebody: to invalidate once more does no harm.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::{Cache, TierError};
///
/// async fn changed(rates: &Cache<String, u32>) -> Result<(), TierError> {
///     rates.invalidate("EUR").await
/// }
/// # let _ = changed;
/// ```
#[derive(Clone, Debug)]
pub struct TierError {
    cache: &'static str,
    why: Arc<dyn Error + Send + Sync>,
}

impl TierError {
    pub(super) const fn new(cache: &'static str, why: Arc<dyn Error + Send + Sync>) -> Self {
        Self { cache, why }
    }

    /// The cache's name.
    ///
    /// See [`TierError`] for where it comes from.
    pub const fn cache(&self) -> &'static str {
        self.cache
    }
}

impl fmt::Display for TierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the second tier of the cache `{}` was not told, other processes may hand out old values: {}",
            self.cache, self.why
        )
    }
}

impl Error for TierError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.why)
    }
}
