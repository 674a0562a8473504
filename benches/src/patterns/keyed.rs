//! A limit for each of many keys, never reached. Keys are borrowed, and both sides hash them with the
//! same hasher: governor's own would be the standard library's, which is dearer. A rate of ours reads the
//! clock that governor reads by default, the processor's counter; a window reads the standard library's.

use std::sync::LazyLock;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter as Governor};
use rapidhash::quality::RandomState;
use steadfast::keyed::Keyed;
use steadfast::rate_limit;
use steadfast::rate_limit::RateLimiter;

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway;
use crate::subjects::glued::CallError as Glued;
use crate::subjects::ours::CallError;

pub const GROUP: Group = Group {
    name: "keyed",
    floor: "governor",
    contended: true,
    subjects: &[
        Subject {
            name: "ours-rate",
            calls: |n| polled(n, |request| rate(request, key(request))),
            future: || size_of_val(&rate(1, key(1))),
        },
        Subject {
            name: "ours-window",
            calls: |n| polled(n, |request| window(request, key(request))),
            future: || size_of_val(&window(1, key(1))),
        },
        Subject {
            name: "ours, by hand",
            calls: |n| polled(n, |request| by_hand(request, key(request))),
            future: || size_of_val(&by_hand(1, key(1))),
        },
        Subject {
            name: "governor",
            calls: |n| polled(n, |request| of_governor(request, key(request))),
            future: || size_of_val(&of_governor(1, key(1))),
        },
        Subject {
            name: "governor, std clock",
            calls: |n| polled(n, |request| of_governor_std(request, key(request))),
            future: || size_of_val(&of_governor_std(1, key(1))),
        },
    ],
};

/// A limiter of so many keys, and how its keys come.
pub struct Filled {
    pub name: &'static str,
    /// Lets one call of each of so many keys through, and keeps what that left.
    pub fill: fn(u32),
}

/// Those whose room for a key is compared.
pub const FILLED: &[Filled] = &[
    Filled { name: "ours-rate", fill: |keys| fill(RateLimiter::rate("keyed", 1, HOUR, 1), keys) },
    Filled { name: "ours-window", fill: |keys| fill(RateLimiter::window("keyed", 1, HOUR), keys) },
    Filled { name: "governor", fill: fill_governor },
];

const HOUR: Duration = Duration::from_secs(3600);

// Keys stay in use: one that is idle would be forgotten, as governor's never are.
#[rate_limit(key = tenant, rate = "1000000/10m", burst = 1_000_000)]
async fn rate(request: u64, tenant: &String) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

#[rate_limit(key = tenant, max_calls = 1_000_000, period = "1ms")]
async fn window(request: u64, tenant: &String) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

async fn by_hand(request: u64, tenant: &String) -> Result<u64, CallError> {
    static LIMITER: Keyed<String, RateLimiter> =
        Keyed::new(RateLimiter::rate("by_hand", 1_000_000, Duration::from_secs(600), 1_000_000));
    LIMITER.acquire(tenant, 1).await?;
    Ok(gateway::ask(request).await?)
}

type ByKey<C> = Governor<String, DashMapStateStore<String, RandomState>, C, NoOpMiddleware<<C as Clock>::Instant>>;

fn governor<C: Clock>(clock: C) -> ByKey<C> {
    let burst = 1_000_000.try_into().expect("more than 0");
    let quota = Quota::with_period(Duration::from_micros(600)).expect("more than 0").allow_burst(burst);
    Governor::dashmap_with_clock_and_hasher(quota, clock, RandomState::default())
}

async fn of_governor(request: u64, tenant: &String) -> Result<u64, Glued> {
    static LIMITER: LazyLock<ByKey<DefaultClock>> = LazyLock::new(|| governor(DefaultClock::default()));
    LIMITER.check_key(tenant).map_err(|_| Glued::Limited)?;
    Ok(gateway::ask(request).await?)
}

/// On the clock that ours reads to refuse a call, because timers go by it, and instead of the counter where
/// tokio's clock can be paused.
async fn of_governor_std(request: u64, tenant: &String) -> Result<u64, Glued> {
    static LIMITER: LazyLock<ByKey<MonotonicClock>> = LazyLock::new(|| governor(MonotonicClock));
    LIMITER.check_key(tenant).map_err(|_| Glued::Limited)?;
    Ok(gateway::ask(request).await?)
}

fn key(request: u64) -> &'static String {
    static KEYS: LazyLock<[String; 64]> = LazyLock::new(|| std::array::from_fn(|n| format!("tenant-{n:08}")));
    &KEYS[(request % 64) as usize]
}

fn fill(limiter: RateLimiter, keys: u32) {
    let limiter: Keyed<u64, RateLimiter> = Keyed::new(limiter).max_keys(keys);
    for key in 0..u64::from(keys) {
        limiter.try_acquire(&key, 1).expect("its first call");
    }
    std::mem::forget(limiter);
}

fn fill_governor(keys: u32) {
    let quota = Quota::with_period(HOUR).expect("more than 0");
    let limiter = Governor::<u64, DashMapStateStore<u64, RandomState>, _>::dashmap_with_clock_and_hasher(
        quota,
        DefaultClock::default(),
        RandomState::default(),
    );
    for key in 0..u64::from(keys) {
        limiter.check_key(&key).expect("its first call");
    }
    std::mem::forget(limiter);
}
