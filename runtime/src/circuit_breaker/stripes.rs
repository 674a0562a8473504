//! Where a breaker with a window of time counts its successes: each thread in a stripe of its own,
//! so that calls that go well do not wait for each other.

use std::sync::PoisonError;
use std::thread;

use tokio::time::Instant;

use super::policy::BUCKETS;
use super::present::Present;
use super::tally::{Bucket, Counts};
use super::thread_number::thread_number;
use crate::clock::{self, Granule};
use crate::sync::{Mutex, MutexGuard};

/// Successes, by thread, generation and time; and the moment that times are counted from.
#[derive(Debug)]
pub(super) struct Stripes {
    epoch: Instant,
    /// A power of two of them.
    stripes: Box<[Stripe]>,
}

/// As far from its neighbours as two lines of a cache, which processors fetch in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    present: Present,
    /// The other parts of the window, and what came late for them. Whoever changes which part is the
    /// present one holds this lock.
    past: Mutex<[Bucket; BUCKETS]>,
}

/// One for each processor, within reason.
pub(super) fn many() -> usize {
    thread::available_parallelism().map_or(1, |threads| threads.get().min(16))
}

impl Stripes {
    pub(super) fn new(stripes: usize, epoch: Instant) -> Self {
        let stripes = stripes.max(1).next_power_of_two();
        Self { epoch, stripes: (0..stripes).map(|_| Stripe::default()).collect() }
    }

    /// The time as a number, in nanoseconds.
    #[inline]
    pub(super) fn nanos(&self, now: Instant) -> u64 {
        clock::nanos(now.saturating_duration_since(self.epoch))
    }

    /// Counts a success of a call that was admitted in `generation`. The granule was read before the
    /// time.
    #[inline]
    pub(super) fn succeed(&self, generation: u32, tick: u64, granule: Option<Granule>) {
        if let Some(stripe) = self.own()
            && !stripe.present.succeed(generation, tick, granule)
        {
            stripe.succeed(generation, tick, granule);
        }
    }

    /// Counts a success in the part of the window that was found to be the present one within the same
    /// granule, if one was.
    #[inline]
    pub(super) fn succeed_within(&self, generation: u32, granule: Granule) -> bool {
        self.own().is_some_and(|stripe| stripe.present.succeed_within(generation, granule))
    }

    /// This thread's.
    #[inline]
    fn own(&self) -> Option<&Stripe> {
        self.stripes.get(thread_number() & self.stripes.len().wrapping_sub(1))
    }

    /// The successes of a generation within the window.
    pub(super) fn sum(&self, generation: u32, tick: u64) -> Counts {
        let mut sum = Counts::default();
        self.stripes.iter().for_each(|stripe| stripe.sum(generation, tick, &mut sum));
        sum
    }
}

impl Stripe {
    /// Counts a success that is not of the present part.
    #[cold]
    #[inline(never)]
    fn succeed(&self, generation: u32, tick: u64, granule: Option<Granule>) {
        let mut past = self.lock();
        match newer(generation, self.present.generation()) {
            // Of an older state: it changes nothing.
            Some(false) => {}
            Some(true) => {
                self.present.turn(generation, tick, granule);
                *past = [Bucket::default(); BUCKETS];
            }
            None if self.present.gives_way_to(tick) => {
                let (before, successes) = self.present.turn(generation, tick, granule);
                Bucket::add(&mut past, before, successes);
            }
            None => Bucket::add(&mut past, tick, Counts::successes(1)),
        }
    }

    fn sum(&self, generation: u32, tick: u64, sum: &mut Counts) {
        let past = self.lock();
        if self.present.generation() == generation {
            sum.add(Bucket::sum(&past, tick));
            sum.add(self.present.sum(tick));
        }
    }

    fn lock(&self) -> MutexGuard<'_, [Bucket; BUCKETS]> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one generation came after another; `None` where they are the same. They go round.
fn newer(one: u32, other: u32) -> Option<bool> {
    (one != other).then(|| one.wrapping_sub(other) <= u32::MAX / 2)
}
