//! The two clocks every pattern reads, and what they do under a paused tokio clock.
//!
//! Nothing that decides reads a clock: it is told the time, and these functions tell it.

use std::time::SystemTime;

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
pub fn mono() -> Instant {
    Instant::now()
}

/// The wall clock: for what outlives the process, such as the expiry of a record.
///
/// With the feature `testing`, where tokio's clock is paused, this one is as far ahead of, or
/// behind, the machine's as tokio's is, so `tokio::time::advance` moves both.
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
    let machine = SystemTime::now();
    if !cfg!(any(test, feature = "testing")) {
        return machine;
    }
    let (tokio, std) = (Instant::now().into_std(), std::time::Instant::now());
    let shifted = match tokio.checked_duration_since(std) {
        Some(ahead) => machine.checked_add(ahead),
        None => machine.checked_sub(std.saturating_duration_since(tokio)),
    };
    shifted.unwrap_or(machine)
}
