//! Whether there is a retry left. Pure: the time comes in, as the time since the budget's origin.

use std::time::Duration;

use crate::sync::atomic::{AtomicU64, Ordering};

/// The window is counted in this many parts; the oldest goes when a new one begins.
pub(super) const PARTS: u32 = 10;

/// Settings that cannot be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    /// Retries for each call.
    pub(super) ratio: f64,
    pub(super) min_per_second: u32,
    pub(super) window: Duration,
}

impl Limits {
    /// How many retries may be made within a window that has seen so many calls.
    pub(super) fn retries(&self, calls: u64) -> u64 {
        // A fraction that a float cannot hold must not cost a whole retry: 0.29 of 100 calls are 29.
        let share = (calls as f64 * self.ratio + 1e-6).floor() as u64;
        let reserve = f64::from(self.min_per_second) * self.window.as_secs_f64();
        share.saturating_add((reserve + 1e-6).floor() as u64)
    }

    /// The part of the window that a time lies in. It may begin again from 0, after years.
    pub(super) fn part(&self, time: Duration) -> u32 {
        let length = (nanos(self.window) / u64::from(PARTS)).max(1);
        (nanos(time) / length) as u32
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether a part is `now` or comes after it: the clock may have stepped back.
fn not_before(part: u32, now: u32) -> bool {
    part.wrapping_sub(now) <= u32::MAX / 2
}

/// Whether a part lies in the window that ends with part `now`, or after it.
fn recent(part: u32, now: u32) -> bool {
    now.wrapping_sub(part) < PARTS || not_before(part, now)
}

/// The calls of a window. Counted without a lock, since each call comes by here.
#[derive(Debug)]
pub(super) struct Calls([AtomicU64; PARTS as usize]);

/// A part and its count, in one word.
fn word(part: u32, count: u32) -> u64 {
    u64::from(part) << 32 | u64::from(count)
}

fn read(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

impl Calls {
    pub(super) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; PARTS as usize])
    }

    /// One more call. Relaxed is enough: the counts are the only memory it is about.
    pub(super) fn add(&self, part: u32) {
        let place = &self.0[(part % PARTS) as usize];
        let mut seen = place.load(Ordering::Relaxed);
        loop {
            let next = match read(seen) {
                (counted, count) if not_before(counted, part) => word(counted, count.saturating_add(1)),
                _ => word(part, 1),
            };
            match place.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    /// The calls of the window that ends with this part.
    pub(super) fn sum(&self, now: u32) -> u64 {
        let words = self.0.iter().map(|place| read(place.load(Ordering::Relaxed)));
        words.filter(|(part, _)| recent(*part, now)).map(|(_, count)| u64::from(count)).sum()
    }

    pub(super) fn clear(&self) {
        self.0.iter().for_each(|place| place.store(0, Ordering::Relaxed));
    }
}

/// The retries of a window.
#[derive(Debug)]
pub(super) struct Retries([(u32, u32); PARTS as usize]);

impl Retries {
    pub(super) const fn new() -> Self {
        Self([(0, 0); PARTS as usize])
    }

    /// One more retry, if that is no more than `allowed` in the window.
    pub(super) fn take(&mut self, now: u32, allowed: u64) -> bool {
        if self.sum(now) >= allowed {
            return false;
        }
        let place = &mut self.0[(now % PARTS) as usize];
        *place = match *place {
            (part, count) if not_before(part, now) => (part, count.saturating_add(1)),
            _ => (now, 1),
        };
        true
    }

    pub(super) fn sum(&self, now: u32) -> u64 {
        let recent = self.0.iter().filter(|(part, _)| recent(*part, now));
        recent.map(|(_, count)| u64::from(*count)).sum()
    }
}
