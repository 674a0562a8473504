//! The smooth limit: governor's decision, on our clock and over a cell of ours.

use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use tokio::time::Instant;

use crate::clock;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Later times than this count as this, so that no sum of times overflows.
const END_OF_TIME: u64 = 400 * 365 * 24 * 3600 * 1_000_000_000;

#[derive(Debug)]
pub(super) struct Gcra {
    limiter: governor::RateLimiter<NotKeyed, Cell, Mono, NoOpMiddleware<Nanos>>,
    cell: Cell,
    interval: u64,
    /// How far ahead of time a call may be: the burst without its first call.
    tolerance: u64,
}

impl Gcra {
    /// The interval is longer than zero and the burst at least one; the policy sees to it.
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        let calls = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota =
            governor::Quota::with_period(interval).unwrap_or(governor::Quota::per_second(calls)).allow_burst(calls);
        let cell = Cell::default();
        let interval = saturating_nanos(quota.replenish_interval());
        Self {
            limiter: governor::RateLimiter::new(quota, cell.clone(), Mono::default()),
            cell,
            interval,
            tolerance: interval.saturating_mul(u64::from(calls.get()) - 1),
        }
    }

    /// Lets a call through, or says how long until one could be.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        self.limiter.check().map_err(|refused| refused.wait_time_from(self.limiter.clock().now()))
    }

    /// How long a call that comes now has to wait when `ahead` others go first, each as soon as it
    /// can.
    pub(super) fn wait(&self, ahead: usize) -> Duration {
        let now = self.limiter.clock().now().as_u64();
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        let slot = self
            .cell
            .arrival()
            .max(now)
            .saturating_add(self.interval.saturating_mul(ahead))
            .saturating_sub(self.tolerance);
        Duration::from_nanos(slot.saturating_sub(now))
    }
}

/// The theoretical arrival time of the next call, in nanoseconds since the limiter's start; zero
/// before the first. It is governor's whole state. In our hands it can be read without a call.
#[derive(Clone, Debug, Default)]
struct Cell(Arc<AtomicU64>);

impl Cell {
    fn arrival(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl StateStore for Cell {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut arrival = self.arrival();
        loop {
            let (answer, next) = decide((arrival != 0).then(|| Nanos::new(arrival)))?;
            match self.0.compare_exchange_weak(arrival, next.as_u64(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(answer),
                Err(changed) => arrival = changed,
            }
        }
    }
}

/// The monotonic clock as governor reads it: nanoseconds since its first reading.
#[derive(Debug, Default)]
struct Mono {
    start: OnceLock<Instant>,
}

impl Clock for Mono {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let now = clock::mono();
        let start = *self.start.get_or_init(|| now);
        let since = saturating_nanos(now.saturating_duration_since(start));
        Nanos::new(since.min(END_OF_TIME))
    }
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
