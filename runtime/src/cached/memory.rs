//! A second tier in this process's memory.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::tier::{Found, SecondTier};
use crate::clock;

/// A [`SecondTier`] in this process's memory, of a bounded size: for tests, and for caches that are
/// made and dropped with a request. Clones share their entries.
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
pub struct MemoryTier(moka::sync::Cache<Name, Value>);

/// The cache's name and the key.
type Name = (String, Vec<u8>);
/// The value, and when it ends.
type Value = (Arc<[u8]>, Instant);

impl MemoryTier {
    /// A tier for at most so many entries; what is asked for least goes first.
    ///
    /// See [`MemoryTier`] for an example.
    pub fn new(max_entries: u64) -> Self {
        Self(moka::sync::Cache::new(max_entries))
    }
}

/// 10,000 entries.
impl Default for MemoryTier {
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl SecondTier for MemoryTier {
    type Error = Infallible;

    async fn get(&self, cache: &str, key: &[u8]) -> Result<Option<Found>, Infallible> {
        Ok(self.0.get(&(cache.to_owned(), key.to_owned())).and_then(|(value, until)| {
            let left = until.saturating_duration_since(clock::mono());
            (!left.is_zero()).then(|| Found { value: value.to_vec(), left })
        }))
    }

    async fn put(&self, cache: &str, key: &[u8], value: &[u8], ttl: Duration) -> Result<(), Infallible> {
        let now = clock::mono();
        let until = now.checked_add(ttl).unwrap_or(now);
        self.0.insert((cache.to_owned(), key.to_owned()), (value.into(), until));
        Ok(())
    }

    async fn remove(&self, cache: &str, key: &[u8]) -> Result<(), Infallible> {
        self.0.invalidate(&(cache.to_owned(), key.to_owned()));
        Ok(())
    }

    async fn clear(&self, cache: &str) -> Result<(), Infallible> {
        for (key, _) in self.0.iter().filter(|(key, _)| key.0 == cache) {
            self.0.invalidate(&*key);
        }
        Ok(())
    }
}

/// Its size only: what it keeps may be anything.
impl fmt::Debug for MemoryTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTier").field("entries", &self.0.entry_count()).finish_non_exhaustive()
    }
}
