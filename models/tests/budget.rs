//! Threads that share a retry budget.

use std::time::Duration;

use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;
use steadfast::retry::RetryBudget;
use steadfast::{Failure, retry};

const ROUNDS: usize = 2_000;

#[derive(Debug, Failure)]
#[failure(transient)]
struct Down;

#[retry(max_attempts = 2, delays = ["0ms"], budget = budget)]
fn fails(budget: &RetryBudget, attempts: &AtomicUsize) -> Result<(), Down> {
    attempts.fetch_add(1, Ordering::SeqCst);
    Err(Down)
}

/// One retry for two calls, and each call counts.
#[test]
fn no_more_is_taken_than_is_there_and_no_call_goes_uncounted() {
    shuttle::check_random(
        || {
            let budget = RetryBudget::new("model").ratio(0.5).min_per_second(0).window(Duration::from_secs(36_000));
            let (budget, attempts) = (Arc::new(budget), Arc::new(AtomicUsize::new(0)));
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let (budget, attempts) = (budget.clone(), attempts.clone());
                    thread::spawn(move || fails(&budget, &attempts).unwrap_err())
                })
                .collect();
            threads.into_iter().for_each(|thread| _ = thread.join().unwrap());
            let retries = attempts.load(Ordering::SeqCst) - 4;
            assert!((1..=2).contains(&retries), "{retries}");
            assert_eq!(budget.available() as usize, 2 - retries);
        },
        ROUNDS,
    );
}
