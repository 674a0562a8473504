//! The part of a window in which a stripe counts now: without a lock, as long as it lasts.

use super::policy::BUCKETS;
use super::tally::Counts;
use crate::clock::Granule;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The successes of one part of the window, in one generation.
///
/// Which part that is changes only under the lock of the [stripe](super::stripes), in three steps:
/// the count is closed, the part is named, the count is opened for another round. A success first
/// reads the count, then the part, and is counted only if the count is still the one that was read.
/// So the part was the one it saw: where it saw a later one, the count has been closed in between.
#[derive(Debug, Default)]
pub(super) struct Present {
    /// Successes in the lower half; above them how often the part has changed, and [`CLOSED`].
    count: AtomicU64,
    /// It only grows, so that what was once found to be over stays over.
    tick: AtomicU64,
    generation: AtomicU32,
    /// When somebody last read the precise clock, and found this part to be the present one.
    granule: AtomicU64,
}

const CLOSED: u64 = 1 << 63;
const ROUND: u64 = 1 << 32;

/// The successes of a count.
const fn successes(count: u64) -> u32 {
    count as u32
}

impl Present {
    /// Counts a success, if it is of this part.
    #[inline]
    pub(super) fn succeed(&self, generation: u32, tick: u64, granule: Option<Granule>) -> bool {
        let counted = self.count_if(generation, || self.tick.load(Ordering::Acquire) == tick);
        if counted {
            self.found(granule);
        }
        counted
    }

    /// Counts a success, if somebody has read the clock in the same granule.
    #[inline]
    pub(super) fn succeed_within(&self, generation: u32, granule: Granule) -> bool {
        self.count_if(generation, || self.granule.load(Ordering::Acquire) == granule.number())
    }

    #[inline]
    fn count_if(&self, generation: u32, is_present: impl Fn() -> bool) -> bool {
        let mut count = self.count.load(Ordering::Acquire);
        while count & CLOSED == 0
            && successes(count) < u32::MAX
            // Who sees what a later round wrote here must also see that the count was closed before.
            && is_present()
            && self.generation.load(Ordering::Acquire) == generation
        {
            match self.count.compare_exchange(count, count + 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(other) => count = other,
            }
        }
        false
    }

    #[inline]
    fn found(&self, granule: Option<Granule>) {
        if let Some(granule) = granule {
            self.granule.store(granule.number(), Ordering::Release);
        }
    }

    /// Whether a success of that part takes its place. Under the lock.
    pub(super) fn gives_way_to(&self, tick: u64) -> bool {
        let (own, count) = (self.tick.load(Ordering::Relaxed), self.count.load(Ordering::Relaxed));
        own < tick || own == tick && successes(count) == u32::MAX
    }

    /// Becomes another part, with one success. Gives back which it was, and what was counted in it.
    /// Under the lock.
    pub(super) fn turn(&self, generation: u32, tick: u64, granule: Option<Granule>) -> (u64, Counts) {
        let count = self.count.fetch_or(CLOSED, Ordering::AcqRel);
        let before = self.tick.load(Ordering::Relaxed);
        self.tick.store(tick.max(before), Ordering::Release);
        self.generation.store(generation, Ordering::Release);
        self.found(granule);
        let round = (count & !u64::from(u32::MAX)).wrapping_add(ROUND) & !CLOSED;
        self.count.store(round | 1, Ordering::Release);
        (before, Counts::successes(successes(count)))
    }

    /// Under the lock.
    pub(super) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Relaxed)
    }

    /// What of it lies in the window, in the part of that number. Under the lock.
    pub(super) fn sum(&self, tick: u64) -> Counts {
        // Not a plain load: a success that this does not find is counted on top of what this has
        // written, and so shows its thread all that was written before.
        let count = self.count.fetch_or(0, Ordering::AcqRel);
        let in_window = tick < self.tick.load(Ordering::Relaxed).saturating_add(BUCKETS as u64);
        Counts::successes(if in_window { successes(count) } else { 0 })
    }
}
