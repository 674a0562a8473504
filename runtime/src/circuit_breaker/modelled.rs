//! What the models try by itself.

use tokio::time::Instant;

use super::stripes::Stripes;
use crate::clock::Granule;

/// Where a breaker counts its successes. The time is the number of a part of its window.
#[derive(Debug)]
pub struct Successes(Stripes);

impl Successes {
    /// With so many places to count in, up to the next power of two; a thread keeps to one.
    pub fn new(stripes: usize) -> Self {
        Self(Stripes::new(stripes, Instant::now()))
    }

    /// Counts a success at that time, which was read in the granule of that number; 0 is none.
    pub fn succeed(&self, generation: u32, tick: u64, granule: u64) {
        self.0.succeed(generation, tick, Granule::of(granule));
    }

    /// Counts a success in that granule, if the time has been read in it.
    pub fn succeed_within(&self, generation: u32, granule: u64) -> bool {
        Granule::of(granule).is_some_and(|granule| self.0.succeed_within(generation, granule))
    }

    /// The successes of that generation within the window at that time.
    pub fn sum(&self, generation: u32, tick: u64) -> u64 {
        self.0.sum(generation, tick).calls
    }
}
