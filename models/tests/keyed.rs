//! Threads that meet in a map of keys.

use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::Arc;
use shuttle::thread;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;
use steadfast::{Rejection, rate_limit};

const ROUNDS: usize = 2_000;
const HOUR: Duration = Duration::from_secs(3600);

type Limiters = Keyed<u32, RateLimiter>;

#[rate_limit(limiters, key = key)]
async fn pass(limiters: &Limiters, key: u32) -> Result<(), Rejection> {
    Ok(())
}

/// How many calls a limiter lets through, each on a thread of its own.
fn admitted(limiters: &Arc<Limiters>, keys: &[u32]) -> usize {
    let thread = |key: u32| {
        let limiters = limiters.clone();
        thread::spawn(move || {
            let passed = block_on(pass(&limiters, key)).is_ok();
            (passed, limiters.len())
        })
    };
    let threads: Vec<_> = keys.iter().map(|key| thread(*key)).collect();
    let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(ended.iter().all(|(_, len)| *len <= 2), "more keys than there may be: {ended:?}");
    ended.iter().filter(|(passed, _)| *passed).count()
}

#[test]
fn a_key_lets_two_through_however_many_make_it_at_once() {
    shuttle::check_random(
        || {
            for limiter in [RateLimiter::window("model", 2, HOUR), RateLimiter::rate("model", 2, HOUR, 2)] {
                let limiters = Arc::new(Keyed::new(limiter).max_keys(2));
                assert_eq!((admitted(&limiters, &[7, 7, 7, 7]), limiters.len()), (2, 1));
            }
        },
        ROUNDS,
    );
}

#[test]
fn there_are_never_more_keys_than_there_may_be() {
    shuttle::check_random(
        || {
            let limiters = Arc::new(Keyed::new(RateLimiter::window("model", 1, HOUR)).max_keys(2));
            assert_eq!((admitted(&limiters, &[1, 2, 3, 4]), limiters.len()), (2, 2));
        },
        ROUNDS,
    );
}

/// The room that the later of the two claimed for the same key is given back.
#[test]
fn a_key_that_two_make_at_once_takes_one_place() {
    shuttle::check_random(
        || {
            let limiters = Arc::new(Keyed::new(RateLimiter::window("model", 2, HOUR)).max_keys(2));
            assert_eq!(admitted(&limiters, &[7, 7]), 2);
            assert_eq!((admitted(&limiters, &[8]), limiters.len()), (1, 2));
        },
        ROUNDS,
    );
}

/// A breaker that a call holds has what will become of the call: it may not be made anew.
#[test]
fn a_breaker_that_is_held_is_not_forgotten_for_another_key() {
    shuttle::check_random(
        || {
            let breakers = Arc::new(Keyed::<u32, _>::new(CircuitBreaker::new("model")).max_keys(1));
            let threads: Vec<_> = (0..3)
                .map(|number| {
                    let (breakers, key) = (breakers.clone(), number % 2);
                    thread::spawn(move || {
                        let Some(held) = breakers.breaker(&key) else { return };
                        // As long as others need to look through the whole map for a key to forget.
                        (0..100).for_each(|_| thread::yield_now());
                        let again = breakers.breaker(&key).expect("it is there");
                        assert!(std::sync::Arc::ptr_eq(&held, &again), "it was made anew");
                        assert_eq!(breakers.len(), 1);
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(breakers.len(), 1);
        },
        ROUNDS,
    );
}
