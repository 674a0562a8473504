//! Threads that meet at a limiter.

use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::thread;
use steadfast::rate_limit::RateLimiter;
use steadfast::{Rejection, rate_limit};

const ROUNDS: usize = 2_000;
const HOUR: Duration = Duration::from_secs(3600);

#[rate_limit(limiter)]
async fn pass(limiter: &RateLimiter) -> Result<(), Rejection> {
    Ok(())
}

/// How many of four calls on four threads a limiter lets through.
fn admitted(limiter: RateLimiter) -> usize {
    let limiter = Arc::new(limiter);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let limiter = limiter.clone();
            thread::spawn(move || block_on(pass(&limiter)).is_ok())
        })
        .collect();
    threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
}

#[test]
fn a_window_of_two_lets_two_through() {
    shuttle::check_random(|| assert_eq!(admitted(RateLimiter::window("model", 2, HOUR)), 2), ROUNDS);
}

#[test]
fn a_burst_of_two_lets_two_through() {
    shuttle::check_random(|| assert_eq!(admitted(RateLimiter::rate("model", 2, HOUR, 2)), 2), ROUNDS);
}
