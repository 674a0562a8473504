//! Threads that meet at a bulkhead, while it is made smaller.

use shuttle::future::{block_on, yield_now};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;
use steadfast::bulkhead::{Bulkhead, BulkheadConfig};
use steadfast::{Rejection, bulkhead};

const ROUNDS: usize = 5_000;

/// A call that others may overtake, and how many of its kind run at once.
#[bulkhead(places)]
async fn hold(places: &Bulkhead, running: &AtomicUsize) -> Result<usize, Rejection> {
    let at_once = running.fetch_add(1, Ordering::SeqCst) + 1;
    yield_now().await;
    running.fetch_sub(1, Ordering::SeqCst);
    Ok(at_once)
}

#[test]
fn two_places_let_two_through_at_once() {
    shuttle::check_random(
        || {
            let (places, running) = (Arc::new(Bulkhead::new("model", 2)), Arc::new(AtomicUsize::new(0)));
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let (places, running) = (places.clone(), running.clone());
                    thread::spawn(move || block_on(hold(&places, &running)).ok())
                })
                .collect();
            let at_once: Vec<_> = threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect();
            assert!(at_once.len() >= 2 && at_once.iter().all(|at_once| *at_once <= 2), "{at_once:?}");
            let free: Vec<_> = (0..3).map(|_| places.try_acquire()).collect();
            assert_eq!(free.iter().filter(|permit| permit.is_ok()).count(), 2);
        },
        ROUNDS,
    );
}

/// The places that are taken in that moment go when they are given back, each of them once.
#[test]
fn one_that_is_made_smaller_is_smaller_once_its_calls_have_ended() {
    shuttle::check_random(
        || {
            let (places, running) = (Arc::new(Bulkhead::new("model", 3)), Arc::new(AtomicUsize::new(0)));
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let (places, running) = (places.clone(), running.clone());
                    thread::spawn(move || block_on(hold(&places, &running)).is_ok())
                })
                .collect();
            // Now or later: making it smaller begins with a step that no other can come into.
            (0..4).for_each(|_| thread::yield_now());
            places.configure(&BulkheadConfig { max_concurrent: Some(1), ..Default::default() }).unwrap();
            let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(ended.contains(&true));
            let free: Vec<_> = (0..3).map(|_| places.try_acquire()).collect();
            assert_eq!(free.iter().filter(|permit| permit.is_ok()).count(), 1);
        },
        ROUNDS,
    );
}
