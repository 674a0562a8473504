//! A limit that is never reached.

use std::sync::LazyLock;

use governor::{DefaultDirectRateLimiter, Quota};
use steadfast::rate_limit;

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway;
use crate::subjects::glued::CallError as Glued;
use crate::subjects::hand::{CallError as ByHand, limiter::Limiter};
use crate::subjects::ours::CallError;

pub const GROUP: Group = Group {
    name: "limiter",
    floor: "hand-window",
    contended: true,
    subjects: &[
        Subject { name: "hand-window", calls: |n| polled(n, hand), future: || size_of_val(&hand(1)) },
        Subject { name: "ours-window", calls: |n| polled(n, window), future: || size_of_val(&window(1)) },
        Subject { name: "ours-rate", calls: |n| polled(n, rate), future: || size_of_val(&rate(1)) },
        Subject { name: "governor", calls: |n| polled(n, of_governor), future: || size_of_val(&of_governor(1)) },
    ],
};

async fn hand(request: u64) -> Result<u64, ByHand> {
    static LIMITER: Limiter = Limiter::new();
    LIMITER.admit()?;
    Ok(gateway::ask(request).await?)
}

#[rate_limit(max_calls = 1_000_000, period = "1us")]
async fn window(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

#[rate_limit(rate = "1000000000/1s")]
async fn rate(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

async fn of_governor(request: u64) -> Result<u64, Glued> {
    static LIMITER: LazyLock<DefaultDirectRateLimiter> = LazyLock::new(|| {
        DefaultDirectRateLimiter::direct(Quota::per_second(1_000_000_000.try_into().expect("more than 0")))
    });
    LIMITER.check().map_err(|_| Glued::Limited)?;
    Ok(gateway::ask(request).await?)
}
