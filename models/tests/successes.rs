//! Threads that count successes while the parts of the window, and the breaker's generations, go by.

use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use shuttle::thread;
use steadfast::circuit_breaker::modelled::Successes;

const ROUNDS: usize = 5_000;

/// Each thread counts successes, a few in each of some parts of the window; the clocks of two threads
/// need not be at the same part. One stripe for all of them is the narrowest place.
#[test]
fn none_is_lost_and_none_is_counted_twice_while_parts_go_by() {
    for stripes in [1, 2] {
        shuttle::check_random(
            move || {
                let successes = Arc::new(Successes::new(stripes));
                let threads: Vec<_> = [[1, 1, 2], [1, 2, 3], [2, 2, 3]]
                    .into_iter()
                    .map(|ticks| {
                        let successes = successes.clone();
                        thread::spawn(move || ticks.iter().for_each(|&tick| successes.succeed(0, tick, 0)))
                    })
                    .collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
                // When the window begins after the first part, after the second, after all.
                let left = [3, 11, 12, 13].map(|tick| successes.sum(0, tick));
                assert_eq!(left, [9, 6, 2, 0]);
            },
            ROUNDS,
        );
    }
}

/// Who looks while others count finds all that ended before, and nothing that was not begun.
#[test]
fn who_looks_meanwhile_finds_what_has_ended() {
    shuttle::check_random(
        || {
            let successes = Arc::new(Successes::new(1));
            let (begun, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
            let threads: Vec<_> = [[1, 2], [2, 3]]
                .into_iter()
                .map(|ticks| {
                    let (successes, begun, ended) = (successes.clone(), begun.clone(), ended.clone());
                    thread::spawn(move || {
                        for tick in ticks {
                            begun.fetch_add(1, Ordering::SeqCst);
                            successes.succeed(0, tick, 0);
                            ended.fetch_add(1, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            for _ in 0..3 {
                let least = ended.load(Ordering::SeqCst);
                let found = successes.sum(0, 3);
                let most = begun.load(Ordering::SeqCst);
                assert!((least..=most).contains(&found), "{found} of {least} to {most}");
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(successes.sum(0, 3), 4);
        },
        ROUNDS,
    );
}

/// A success of a state that is over is not one of the state that follows, wherever it is overtaken.
#[test]
fn each_generation_counts_its_own() {
    shuttle::check_random(
        || {
            let successes = Arc::new(Successes::new(1));
            let threads: Vec<_> = [[(0, 1), (0, 2), (1, 2)], [(0, 2), (1, 2), (1, 3)]]
                .into_iter()
                .map(|calls| {
                    let successes = successes.clone();
                    thread::spawn(move || {
                        calls.iter().for_each(|&(generation, tick)| successes.succeed(generation, tick, tick));
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!([successes.sum(0, 3), successes.sum(1, 3)], [0, 3]);
        },
        ROUNDS,
    );
}

/// Who counts by the granule counts in a part that is not older than the granule, nor of the future.
#[test]
fn a_granule_dates_a_success_to_its_own_time() {
    shuttle::check_random(
        || {
            let successes = Arc::new(Successes::new(1));
            successes.succeed(0, 1, 1);
            let early = {
                let successes = successes.clone();
                thread::spawn(move || u64::from(successes.succeed_within(0, 1)))
            };
            let late = {
                let successes = successes.clone();
                thread::spawn(move || {
                    successes.succeed(0, 9, 2);
                    u64::from(successes.succeed_within(0, 2)) + u64::from(successes.succeed_within(1, 2))
                })
            };
            let (early, late) = (early.join().unwrap(), late.join().unwrap());
            assert_eq!(late, 1, "the time was read in that granule, and in no later generation");
            assert_eq!(successes.sum(0, 10), 2 + early + late);
            // What was counted by the granule of the ninth part is of no older part.
            assert!(successes.sum(0, 11) >= 2, "the first part has left the window");
        },
        ROUNDS,
    );
}

/// Who raises an alarm and then looks, and who counts and then looks for an alarm: one of the two
/// finds the other.
#[test]
fn an_alarm_and_a_success_do_not_miss_each_other() {
    shuttle::check_random(
        || {
            let (successes, alarm) = (Arc::new(Successes::new(1)), Arc::new(AtomicBool::new(false)));
            successes.succeed(0, 1, 1);
            let calls: Vec<_> = [1, 2]
                .into_iter()
                .map(|tick| {
                    let (successes, alarm) = (successes.clone(), alarm.clone());
                    thread::spawn(move || {
                        if !successes.succeed_within(0, tick) {
                            successes.succeed(0, tick, tick);
                        }
                        alarm.load(Ordering::Relaxed)
                    })
                })
                .collect();
            alarm.store(true, Ordering::Relaxed);
            let found = successes.sum(0, 2);
            let told = calls.into_iter().map(|call| u64::from(call.join().unwrap())).sum::<u64>();
            assert!(found + told >= 3, "found {found}, told {told}");
        },
        ROUNDS,
    );
}
