//! A retry whose first attempt succeeds.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use steadfast::retry;
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use crate::drive::{Group, Subject, polled};
use crate::subjects::gateway::{self, Unreachable};
use crate::subjects::hand::{CallError as ByHand, pause};
use crate::subjects::ours::CallError;

pub const GROUP: Group = Group {
    name: "retry",
    floor: "hand",
    contended: false,
    subjects: &[
        Subject { name: "hand", calls: |n| polled(n, hand), future: || size_of_val(&hand(1)) },
        Subject { name: "ours", calls: |n| polled(n, ours), future: || size_of_val(&ours(1)) },
        Subject { name: "tokio-retry", calls: |n| polled(n, of_tokio), future: || size_of_val(&of_tokio(1)) },
        Subject { name: "backon", calls: |n| polled(n, of_backon), future: || size_of_val(&of_backon(1)) },
    ],
};

async fn hand(request: u64) -> Result<u64, CallError> {
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        let result = gateway::ask(request).await;
        match pause::after(attempt, started, &result.map_err(ByHand::from)) {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                attempt += 1;
            }
            None => return result.map_err(CallError::from),
        }
    }
}

#[retry]
async fn ours(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

/// It has no limit on the time of all attempts, and reads no clock.
async fn of_tokio(request: u64) -> Result<u64, Unreachable> {
    let pauses = ExponentialBackoff::from_millis(100).max_delay(Duration::from_secs(5)).map(jitter).take(2);
    tokio_retry::Retry::start(pauses, || gateway::ask(request)).await
}

async fn of_backon(request: u64) -> Result<u64, Unreachable> {
    const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
        .with_jitter()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_total_delay(Some(Duration::from_secs(30)))
        .with_max_times(2);
    (|| gateway::ask(request)).retry(BACKOFF).await
}
