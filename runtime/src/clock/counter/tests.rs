//! The counter of the machine that the test runs on, and the line between threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::*;

/// One whose parts all follow from its number.
fn line(number: u64) -> Line {
    Line { ticks: number, nanos: number.wrapping_mul(3), rate: number.wrapping_mul(5), span: number.wrapping_mul(7) }
}

#[test]
fn nobody_reads_parts_of_two_lines() {
    let (published, done) = (Published::new(), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let Some(read) = published.get() else { continue };
                    assert_eq!(read, line(read.ticks));
                    assert!(read.ticks >= last, "{} after {last}", read.ticks);
                    last = read.ticks;
                }
            });
        }
        for number in 1..200_000 {
            published.put(line(number));
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn no_call_waits_for_the_counter_and_it_is_never_far_ahead() {
    // Where the counter is not to be had, there are as many rounds without it.
    for _ in 0..200 {
        if let Some(count) = count() {
            assert!(count <= count_at(mono()) + meter::SPAN);
        }
        thread::sleep(Duration::from_millis(2));
    }
}
