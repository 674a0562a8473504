//! A limit for each of some tenants, that is never reached. All hash with the standard library's
//! hash; ours are asked for by `&str`, theirs can only be by `&String`.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{DefaultKeyedRateLimiter, Quota};
use steadfast::keyed::Keyed;
use steadfast::rate_limit;
use steadfast::rate_limit::RateLimiter;

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway;
use crate::subjects::glued::CallError as Glued;
use crate::subjects::ours::CallError;

pub const GROUP: Group = Group {
    name: "keyed limiter",
    floor: "governor",
    contended: true,
    subjects: &[
        Subject { name: "governor", calls: |n| polled(n, of_governor), future: || size_of_val(&of_governor(1)) },
        Subject { name: "governor, std", calls: |n| polled(n, of_std), future: || size_of_val(&of_std(1)) },
        Subject { name: "ours", calls: |n| polled(n, by_hand), future: || size_of_val(&by_hand(1)) },
        Subject { name: "ours, attribute", calls: |n| polled(n, ours), future: || size_of_val(&ours(1)) },
        Subject { name: "ours, window", calls: |n| polled(n, window), future: || size_of_val(&window(1)) },
    ],
};

/// So many at once, and so slowly made up for that no key is ever idle.
const BURST: u32 = 1_000_000_000;

static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..64).map(|n| format!("tenant-{n}")).collect());

static TENANTS: Keyed<String, RateLimiter> =
    Keyed::new(RateLimiter::rate("tenants", 1_000, Duration::from_secs(1), BURST));

fn name(request: u64) -> &'static String {
    &NAMES[request as usize % 64]
}

/// As the one below asks: in a function of one's own.
async fn by_hand(request: u64) -> Result<u64, Glued> {
    TENANTS.try_acquire(name(request).as_str(), 1).map_err(|_| Glued::Limited)?;
    Ok(gateway::ask(request).await?)
}

#[rate_limit(TENANTS, key = name(request).as_str())]
async fn ours(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

#[rate_limit(key = name(request).as_str(), max_calls = 1_000_000, period = "1us")]
async fn window(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

fn quota() -> Quota {
    let number = |n: u32| n.try_into().expect("more than 0");
    Quota::per_second(number(1_000)).allow_burst(number(BURST))
}

type OnStd = governor::RateLimiter<String, DashMapStateStore<String>, MonotonicClock, NoOpMiddleware<Instant>>;

/// On the standard library's clock, as ours: its own is the processor's counter.
async fn of_std(request: u64) -> Result<u64, Glued> {
    static LIMITER: LazyLock<OnStd> = LazyLock::new(|| OnStd::dashmap_with_clock(quota(), MonotonicClock));
    LIMITER.check_key(name(request)).map_err(|_| Glued::Limited)?;
    Ok(gateway::ask(request).await?)
}

async fn of_governor(request: u64) -> Result<u64, Glued> {
    static LIMITER: LazyLock<DefaultKeyedRateLimiter<String>> =
        LazyLock::new(|| DefaultKeyedRateLimiter::keyed(quota()));
    LIMITER.check_key(name(request)).map_err(|_| Glued::Limited)?;
    Ok(gateway::ask(request).await?)
}
