//! The clocks that patterns read, and what they do under a paused tokio clock.
//!
//! Nothing that decides reads a clock: it is told the time, and these functions tell it.

// On Windows the crate that reads it has a dependency that nobody maintains, and what the models explore
// must not depend on the time.
#[cfg_attr(
    not(all(any(target_arch = "aarch64", target_arch = "x86_64"), not(windows), not(steadfast_models))),
    path = "no_counter.rs"
)]
mod counter;
#[cfg(test)]
mod tests;

use std::num::NonZeroU64;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The monotonic clock: for waiting times, windows and durations.
///
/// It is tokio's, so it stands still where a test has called `tokio::time::pause()`. Outside a
/// runtime it is the machine's.
///
/// ```
/// let start = steadfast::clock::mono();
/// assert!(steadfast::clock::mono() >= start);
/// ```
#[inline]
pub fn mono() -> Instant {
    Instant::now()
}

/// A stretch of real time of some milliseconds, by its number: two readings that are equal were made
/// within the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Granule(NonZeroU64);

impl Granule {
    pub(crate) const fn of(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Never 0.
    #[inline]
    pub(crate) const fn number(self) -> u64 {
        self.0.get()
    }
}

/// The granule of now, for a quarter of what the time costs: the kernel's coarse clock, which moves on
/// with its ticks, 100 to 1000 in a second. `None` where there is no such clock, and where
/// tokio's can be paused: then real time says nothing.
#[inline]
pub(crate) fn granule() -> Option<Granule> {
    #[cfg(target_os = "linux")]
    if !CAN_PAUSE {
        return Granule::of(coarsetime::Instant::now_without_cache_update().as_ticks());
    }
    None
}

/// What [`count_at`] says of the time when the first count was read, in nanoseconds: a paused clock may
/// have been read before, and stands there.
const BEGINNING: u64 = 365 * 24 * 3600 * 1_000_000_000;

/// Later times than this count as this, so that no sum of times overflows.
const END_OF_TIME: u64 = 400 * BEGINNING;

/// Now, as nanoseconds on the scale of [`count_at`], for a fraction of what [`mono`] costs: by the
/// processor's counter, where there is one.
///
/// It may be behind, and never more than a tenth of a second ahead, whatever the counter does; where that
/// runs evenly it is right to a tenth of a millisecond. So it is for saying yes: what looks like a no asks
/// `mono` as well.
/// Where tokio's clock can be paused it is that clock.
#[inline]
pub(crate) fn count() -> u64 {
    let counted = if CAN_PAUSE { None } else { counter::count() };
    counted.unwrap_or_else(|| count_at(mono()))
}

/// A time of [`mono`]'s, as nanoseconds since long before the first was asked for.
pub(crate) fn count_at(at: Instant) -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    // Not tokio's, which a test may have paused in a far future.
    let origin = *ORIGIN.get_or_init(|| std::time::Instant::now().into());
    match at.checked_duration_since(origin) {
        Some(since) => BEGINNING.saturating_add(nanos(since)).min(END_OF_TIME),
        None => BEGINNING.saturating_sub(nanos(origin.saturating_duration_since(at))),
    }
}

/// Whether this build of tokio can pause its clock. It can with the feature `test-util`, for which any
/// crate of the program may ask; then its `Builder` has a method that is found before ours.
const CAN_PAUSE: bool = {
    use tokio::runtime::Builder;

    struct Cannot;

    trait Answer {
        const CAN_PAUSE: bool;
    }

    impl Answer for Cannot {
        const CAN_PAUSE: bool = false;
    }

    impl Answer for &mut Builder {
        const CAN_PAUSE: bool = true;
    }

    #[allow(dead_code, reason = "used where tokio has no such method")]
    trait Otherwise {
        fn start_paused(&mut self, _: bool) -> Cannot {
            Cannot
        }
    }

    impl Otherwise for Builder {}

    const fn ask<A: Answer>(_: fn(&'static mut Builder) -> A) -> bool {
        A::CAN_PAUSE
    }

    ask(|builder| builder.start_paused(false))
};

/// A duration in nanoseconds, as far as they can be counted: in words of the machine, because it is done
/// for every call of some policies.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

/// The wall clock: for what outlives the process, such as the expiry of a record.
///
/// With the feature `testing`, where tokio's clock is paused, this one is as far ahead of, or
/// behind, the machine's as tokio's is, so `tokio::time::advance` moves both. Without the feature it
/// is the machine's.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// use std::time::Duration;
/// use steadfast::clock;
///
/// let before = clock::wall();
/// tokio::time::advance(Duration::from_secs(3600)).await;
/// assert!(clock::wall().duration_since(before).unwrap() >= Duration::from_secs(3599));
/// # });
/// ```
pub fn wall() -> SystemTime {
    if cfg!(any(test, feature = "testing"))
        && let Some(wall) = paused()
    {
        return wall;
    }
    SystemTime::now()
}

/// The wall clock beside a paused clock of tokio's. It is measured from one fixed moment and not
/// from the machine's clock of now, which goes on: what stands still must be the same each time
/// it is read.
fn paused() -> Option<SystemTime> {
    static FIXED: OnceLock<(SystemTime, std::time::Instant)> = OnceLock::new();
    let before = std::time::Instant::now();
    let tokio = Instant::now().into_std();
    if (before..=std::time::Instant::now()).contains(&tokio) {
        return None;
    }
    let (wall, mono) = FIXED.get_or_init(|| (SystemTime::now(), std::time::Instant::now()));
    match tokio.checked_duration_since(*mono) {
        Some(ahead) => wall.checked_add(ahead),
        None => wall.checked_sub(mono.saturating_duration_since(tokio)),
    }
}

/// Whether a test has paused tokio's clock.
#[cfg(feature = "testing")]
pub(crate) fn is_paused() -> bool {
    paused().is_some()
}
