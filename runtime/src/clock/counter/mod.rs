//! The processor's counter, beside the clock.

mod meter;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;

use quanta::Clock;

use self::meter::{Line, Meter, Sample};
use super::{count_at, mono};

/// Reads the counter.
static COUNTER: OnceLock<Clock> = OnceLock::new();
static METER: Mutex<Meter> = Mutex::new(Meter::new());
static LINE: Published = Published::new();

/// Nanoseconds on the scale of [`count_at`], where the counter can tell them now.
#[inline]
pub(super) fn count() -> Option<u64> {
    let counter = COUNTER.get();
    let count = counter.and_then(|counter| LINE.get()?.at(counter.raw()));
    if count.is_none() {
        measure(counter);
    }
    count
}

/// Compares the counter with the clock. Where another call does it already, that is enough.
#[cold]
#[inline(never)]
fn measure(counter: Option<&Clock>) {
    let Some(counter) = counter else { return find_counter() };
    if let Ok(mut meter) = METER.try_lock() {
        let before = counter.raw();
        let nanos = count_at(mono());
        let sample = Sample::new(before, nanos, counter.raw());
        LINE.put(meter.told(sample));
    }
}

/// The crate measures the counter by itself before it lets anybody read it, for up to 200 ms: on a thread
/// of its own, for which no call waits. Without a thread the clock remains.
fn find_counter() {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    // Looked at first: where there is no thread, each call comes here, and a swap is a write that all share.
    if !BEGUN.load(Ordering::Relaxed) && !BEGUN.swap(true, Ordering::Relaxed) {
        let _ = thread::Builder::new().name("steadfast-clock".into()).spawn(|| COUNTER.get_or_init(Clock::new));
    }
}

/// The line in force, read without a lock: its parts belong together when the version is even, and the
/// same before and after they were read. One thread at a time puts another.
struct Published {
    version: AtomicU64,
    ticks: AtomicU64,
    nanos: AtomicU64,
    rate: AtomicU64,
    span: AtomicU64,
}

impl Published {
    const fn new() -> Self {
        let [version, ticks, nanos, rate, span] = [const { AtomicU64::new(0) }; 5];
        Self { version, ticks, nanos, rate, span }
    }

    #[inline]
    fn get(&self) -> Option<Line> {
        let version = self.version.load(Ordering::Acquire);
        // Whoever sees a part of a later line sees its version as well.
        let line = Line {
            ticks: self.ticks.load(Ordering::Acquire),
            nanos: self.nanos.load(Ordering::Acquire),
            rate: self.rate.load(Ordering::Acquire),
            span: self.span.load(Ordering::Acquire),
        };
        let same = version & 1 == 0 && self.version.load(Ordering::Relaxed) == version;
        same.then_some(line)
    }

    fn put(&self, line: Line) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        self.ticks.store(line.ticks, Ordering::Release);
        self.nanos.store(line.nanos, Ordering::Release);
        self.rate.store(line.rate, Ordering::Release);
        self.span.store(line.span, Ordering::Release);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }
}
