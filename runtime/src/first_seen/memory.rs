//! What this process has seen.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::FirstSeen;
use crate::idempotent::StoreError;
use crate::sync::{Mutex, MutexGuard};

/// Remembers in memory, for one process: what it has seen is forgotten when the process ends, and
/// another process knows nothing of it.
///
/// It holds a bounded number of ids. A full one forgets those whose time is over, and nothing else:
/// where none is, it refuses, because a forgotten id is one that is acted on twice. Clones share
/// what was seen.
///
/// ```
/// use std::time::Duration;
/// use steadfast::clock;
/// use steadfast::first_seen::{FirstSeen, MemoryFirstSeen};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let seen = MemoryFirstSeen::new(1);
/// let (now, minute) = (clock::wall(), Duration::from_secs(60));
/// assert!(seen.first_seen("webhooks", "evt_1", now, now + minute).await.unwrap());
/// let full = seen.first_seen("webhooks", "evt_2", now, now + minute).await.unwrap_err();
/// assert!(full.is_full());
/// assert!(seen.first_seen("webhooks", "evt_2", now + minute, now + 2 * minute).await.unwrap());
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryFirstSeen(Arc<Memory>);

struct Memory {
    max_ids: usize,
    seen: Mutex<Seen>,
}

/// What is remembered, and whose time is over first: the same ids in both.
#[derive(Default)]
struct Seen {
    ids: HashSet<Id>,
    ends: BinaryHeap<Reverse<(SystemTime, Id)>>,
}

/// A space and an id in it.
type Id = (Arc<str>, Arc<str>);

/// 100,000 ids.
impl Default for MemoryFirstSeen {
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl MemoryFirstSeen {
    /// A memory for at most so many ids; [`default`](Self::default) is one for 100,000.
    ///
    /// See [`MemoryFirstSeen`] for an example.
    pub fn new(max_ids: usize) -> Self {
        Self(Arc::new(Memory { max_ids, seen: Mutex::default() }))
    }

    /// How many ids it holds, those whose time is over included until they are forgotten.
    ///
    /// ```
    /// assert_eq!(steadfast::first_seen::MemoryFirstSeen::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.lock().ids.len()
    }

    /// Whether it holds none.
    ///
    /// ```
    /// assert!(steadfast::first_seen::MemoryFirstSeen::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The decision, told the time.
    fn first(&mut self, id: Id, now: SystemTime, until: SystemTime, max_ids: usize) -> Result<bool, StoreError> {
        self.forget(now);
        if self.ids.contains(&id) {
            return Ok(false);
        }
        // What is over before it begins is new for everybody.
        if until <= now {
            return Ok(true);
        }
        if self.ids.len() >= max_ids {
            return Err(StoreError::full());
        }
        self.ends.push(Reverse((until, id.clone())));
        self.ids.insert(id);
        Ok(true)
    }

    /// Forgets all whose time is over. Each is looked at once, so a call's share is small.
    fn forget(&mut self, now: SystemTime) {
        while let Some(Reverse((until, _))) = self.ends.peek()
            && *until <= now
        {
            if let Some(Reverse((_, id))) = self.ends.pop() {
                self.ids.remove(&id);
            }
        }
    }
}

impl FirstSeen for MemoryFirstSeen {
    async fn first_seen(&self, space: &str, id: &str, now: SystemTime, until: SystemTime) -> Result<bool, StoreError> {
        self.lock().first((space.into(), id.into()), now, until, self.0.max_ids)
    }
}

/// Only how many: ids are the user's.
impl fmt::Debug for MemoryFirstSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFirstSeen").field("ids", &self.len()).field("max_ids", &self.0.max_ids).finish()
    }
}
