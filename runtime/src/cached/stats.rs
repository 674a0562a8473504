//! What a cache counts.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::decision::nanos;

/// What a [`Cache`](super::Cache) counted since it was made, and how many entries it has now.
///
/// It serializes with serde; `load_time` as seconds.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::Cache;
///
/// let rates: Cache<String, f64> = Cache::new("rates", Duration::from_secs(60));
/// assert_eq!(rates.get("EUR"), None);
/// rates.forget("EUR");
/// let stats = rates.stats();
/// assert_eq!((stats.hits, stats.misses, stats.loads), (0, 1, 0));
/// assert_eq!(serde_json::to_value(&stats).unwrap()["misses"], 1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// Lookups answered from an entry.
    pub hits: u64,
    /// Lookups that found none: they loaded, or waited for another call's load.
    pub misses: u64,
    /// Runs of the function that came to an end, refreshes and those that failed among them.
    pub loads: u64,
    /// Loads that ended without a value: an error, a refusal by a layer below, `None`.
    pub failed_loads: u64,
    /// How long the loads took, all together.
    #[serde(serialize_with = "seconds")]
    pub load_time: Duration,
    /// Loads that failed and were answered with an older value.
    pub stood_in: u64,
    /// Entries that went because the cache was full.
    pub evictions: u64,
    /// Misses that the second tier answered.
    pub tier_hits: u64,
    /// Calls of the second tier that failed or took too long.
    pub tier_failures: u64,
    /// Entries in this moment, expired ones included until they are swept.
    pub entries: u64,
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: [Stripe; STRIPES],
    pub(super) misses: Counter,
    pub(super) loads: Counter,
    pub(super) failed_loads: Counter,
    load_nanos: Counter,
    pub(super) stood_in: Counter,
    pub(super) evictions: Counter,
    pub(super) tier_hits: Counter,
    pub(super) tier_failures: Counter,
}

/// Threads write their hits into different ones, so that a hit writes no line that others write.
const STRIPES: usize = 16;

#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

thread_local! {
    /// This thread's stripe, of every cache.
    static STRIPE: Cell<usize> = const { Cell::new(UNKNOWN) };
}

const UNKNOWN: usize = usize::MAX;

#[inline]
fn stripe() -> usize {
    match STRIPE.get() {
        UNKNOWN => next_stripe(),
        stripe => stripe,
    }
}

#[cold]
fn next_stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let stripe = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    STRIPE.set(stripe);
    stripe
}

impl Counters {
    #[inline]
    pub(super) fn hit(&self) {
        if let Some(Stripe(hits)) = self.hits.get(stripe()) {
            hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn loaded(&self, took: Duration, failed: bool) {
        self.loads.one();
        self.load_nanos.0.fetch_add(nanos(took), Ordering::Relaxed);
        if failed {
            self.failed_loads.one();
        }
    }

    pub(super) fn read(&self, entries: u64) -> CacheStats {
        CacheStats {
            hits: self.hits.iter().map(|stripe| stripe.0.load(Ordering::Relaxed)).sum(),
            misses: self.misses.read(),
            loads: self.loads.read(),
            failed_loads: self.failed_loads.read(),
            load_time: Duration::from_nanos(self.load_nanos.read()),
            stood_in: self.stood_in.read(),
            evictions: self.evictions.read(),
            tier_hits: self.tier_hits.read(),
            tier_failures: self.tier_failures.read(),
            entries,
        }
    }
}
