//! A second tier in this process's memory.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::hear::{Invalidations, Listeners, Origin};
use super::tier::{Asked, Found, SecondTier, Ticket};
use super::when_down;
use crate::clock;
use crate::sync::atomic::{AtomicU64, Ordering};

/// A [`SecondTier`] in this process's memory, of a bounded size: for tests, and for caches that are
/// made and dropped with a request. Clones share their entries, and tell each other's caches what is
/// invalidated.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::{Cache, MemoryTier};
///
/// let tier = MemoryTier::new(1_000);
/// let rates = Cache::<String, u32>::new("rates", Duration::from_secs(60)).tier(tier);
/// # drop(rates);
/// ```
#[derive(Clone)]
pub struct MemoryTier(Arc<Inside>);

struct Inside {
    entries: moka::sync::Cache<Name, Value>,
    /// How often anything was removed or replaced. A ticket is the count when it was given.
    changes: AtomicU64,
    listeners: Listeners,
}

/// The cache's name and the key.
type Name = (String, Vec<u8>);
/// The value, and when it ends.
type Value = (Arc<[u8]>, Instant);

impl MemoryTier {
    /// A tier for at most so many entries; what is asked for least goes first.
    ///
    /// See [`MemoryTier`] for an example.
    pub fn new(max_entries: u64) -> Self {
        let (entries, changes) = (moka::sync::Cache::new(max_entries), AtomicU64::new(0));
        Self(Arc::new(Inside { entries, changes, listeners: Listeners::default() }))
    }

    fn ticket(&self) -> Ticket {
        Ticket::from(self.0.changes.load(Ordering::SeqCst).to_be_bytes())
    }

    fn changed(&self) {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
    }

    fn insert(&self, name: Name, value: &[u8], ttl: Duration) {
        let now = clock::mono();
        let until = now.checked_add(ttl).unwrap_or(now);
        self.0.entries.insert(name, (value.into(), until));
    }
}

/// 10,000 entries.
impl Default for MemoryTier {
    fn default() -> Self {
        Self::new(10_000)
    }
}

fn name(cache: &str, key: &[u8]) -> Name {
    (cache.to_owned(), key.to_owned())
}

impl SecondTier for MemoryTier {
    type Error = Infallible;
    type WhenDown = when_down::Run;

    async fn get(&self, cache: &str, key: &[u8]) -> Result<Asked, Infallible> {
        let ticket = self.ticket();
        let found = self.0.entries.get(&name(cache, key)).and_then(|(value, until)| {
            let left = until.saturating_duration_since(clock::mono());
            (!left.is_zero()).then(|| Found { value: value.to_vec(), left })
        });
        Ok(Asked { found, ticket })
    }

    async fn put(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        ticket: &Ticket,
    ) -> Result<(), Infallible> {
        if self.ticket() == *ticket {
            let name = name(cache, key);
            self.insert(name.clone(), value, ttl);
            // It may have been removed in between.
            if self.ticket() != *ticket {
                self.0.entries.invalidate(&name);
            }
        }
        Ok(())
    }

    async fn replace(
        &self,
        cache: &str,
        key: &[u8],
        value: &[u8],
        ttl: Duration,
        by: Origin,
    ) -> Result<(), Infallible> {
        self.changed();
        self.insert(name(cache, key), value, ttl);
        self.0.listeners.forget(cache, key, by);
        Ok(())
    }

    async fn remove(&self, cache: &str, key: &[u8], by: Origin) -> Result<(), Infallible> {
        self.changed();
        self.0.entries.invalidate(&name(cache, key));
        self.0.listeners.forget(cache, key, by);
        Ok(())
    }

    async fn clear(&self, cache: &str, by: Origin) -> Result<(), Infallible> {
        self.changed();
        for (key, _) in self.0.entries.iter().filter(|(key, _)| key.0 == cache) {
            self.0.entries.invalidate(&*key);
        }
        self.0.listeners.forget_all(cache, by);
        Ok(())
    }

    fn listen(&self, cache: &'static str, to: Invalidations) {
        self.0.listeners.add(cache, to);
    }
}

/// Its size only: what it keeps may be anything.
impl fmt::Debug for MemoryTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTier").field("entries", &self.0.entries.entry_count()).finish_non_exhaustive()
    }
}
