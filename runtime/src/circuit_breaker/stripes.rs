//! Where a breaker with a window of time counts its successes: each thread in a stripe of its own,
//! so that calls that go well do not wait for each other.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::time::Instant;

use super::policy::BUCKETS;
use super::tally::{Bucket, Counts};
use crate::clock;
use crate::sync::{Mutex, MutexGuard, thread_local};

/// Successes, by thread, generation and time; and the moment that times are counted from.
#[derive(Debug)]
pub(super) struct Stripes {
    epoch: Instant,
    stripes: Box<[Stripe]>,
}

/// As far from its neighbours as two lines of a cache, which processors fetch in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(Mutex<Successes>);

#[derive(Debug, Default)]
struct Successes {
    generation: u32,
    buckets: [Bucket; BUCKETS],
}

/// One for each processor, within reason.
pub(super) fn many() -> usize {
    thread::available_parallelism().map_or(1, |threads| threads.get().next_power_of_two().min(16))
}

impl Stripes {
    pub(super) fn new(stripes: usize, epoch: Instant) -> Self {
        Self { epoch, stripes: (0..stripes.max(1)).map(|_| Stripe::default()).collect() }
    }

    /// The time as a number, in nanoseconds.
    #[inline]
    pub(super) fn nanos(&self, now: Instant) -> u64 {
        clock::nanos(now.saturating_duration_since(self.epoch))
    }

    /// Counts a success of a call that was admitted in `generation`.
    pub(super) fn succeed(&self, generation: u32, tick: u64) {
        let Some(stripe) = self.stripes.get(thread_number() % self.stripes.len()) else { return };
        let mut successes = stripe.lock();
        match newer(generation, successes.generation) {
            // Of an older state: it changes nothing.
            Some(false) => return,
            Some(true) => *successes = Successes { generation, ..Successes::default() },
            None => {}
        }
        Bucket::add(&mut successes.buckets, tick, Counts { calls: 1, ..Counts::default() });
    }

    /// The successes of a generation within the window.
    pub(super) fn sum(&self, generation: u32, tick: u64) -> Counts {
        let mut sum = Counts::default();
        for stripe in &self.stripes {
            let successes = stripe.lock();
            if successes.generation == generation {
                sum.add(Bucket::sum(&successes.buckets, tick));
            }
        }
        sum
    }
}

impl Stripe {
    fn lock(&self) -> MutexGuard<'_, Successes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one generation came after another; `None` where they are the same. They go round.
fn newer(one: u32, other: u32) -> Option<bool> {
    (one != other).then(|| one.wrapping_sub(other) <= u32::MAX / 2)
}

/// A number for each thread, in the order in which they come.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.try_with(|number| *number).unwrap_or_default()
}
