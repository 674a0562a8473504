//! `calls count GROUP NAME NUMBER`: makes so many calls, for callgrind to count.
//! `calls time GROUP`: prints the nanoseconds of a call by each.
//! `calls contend GROUP`: the same where two threads call at once.
//!
//! Apart from the program that prints the table, whose allocator counts.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use steadfast_benches::drive::{Calls, Group, Subject, groups};

const ROUNDS: usize = 201;
const CALLS_PER_ROUND: u32 = 1_000;
/// Where two threads call, a round must be long beside the time a thread takes to begin.
const CALLS_OF_A_THREAD: u32 = 20_000;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["count", group, name, number] => count(subject(group, name), number.parse().expect("a number")),
        ["time", name] => medians(group(name), ROUNDS, alone),
        ["contend", name] => medians(group(name), ROUNDS / 4, at_once),
        _ => panic!("calls count GROUP NAME NUMBER | calls time GROUP | calls contend GROUP"),
    }
}

fn group(name: &str) -> &'static Group {
    groups().find(|group| group.name == name).expect("a group of the tables")
}

fn subject(group_name: &str, name: &str) -> &'static Subject {
    group(group_name).subjects.iter().find(|subject| subject.name == name).expect("a name of the table")
}

fn count(subject: &Subject, number: u64) {
    warm(subject);
    counted(subject.calls, number);
}

/// What happens once is not a call's: statics, and clocks that are measured, some of them beside the calls
/// and for half a second.
fn warm(subject: &Subject) {
    for _ in 0..50 {
        (subject.calls)(100);
        sleep(Duration::from_millis(10));
    }
}

/// Callgrind counts while this runs.
#[inline(never)]
fn counted(calls: Calls, number: u64) {
    calls(number);
    // Or the call above is the function's whole work, and becomes a jump out of it.
    std::hint::black_box(number);
}

/// In turns, so that what disturbs the machine disturbs all of them.
fn medians(group: &Group, rounds: usize, round: fn(&Subject) -> f64) {
    group.subjects.iter().for_each(warm);
    let mut nanos: Vec<Vec<f64>> = group.subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (subject, nanos) in group.subjects.iter().zip(&mut nanos) {
            nanos.push(round(subject));
        }
    }
    for (subject, mut nanos) in group.subjects.iter().zip(nanos) {
        nanos.sort_by(f64::total_cmp);
        println!("{} {}", subject.name, nanos[rounds / 2]);
    }
}

fn alone(subject: &Subject) -> f64 {
    let start = Instant::now();
    (subject.calls)(u64::from(CALLS_PER_ROUND));
    start.elapsed().as_nanos() as f64 / f64::from(CALLS_PER_ROUND)
}

/// The time of a call where two threads make calls for all of it: the mean of both.
fn at_once(subject: &Subject) -> f64 {
    let ready = AtomicU32::new(0);
    let one = || {
        // Not a barrier, which lets one sleep: woken on the other's core, it would begin when that one has ended.
        ready.fetch_add(1, Ordering::Relaxed);
        while ready.load(Ordering::Relaxed) < 2 {
            spin_loop();
        }
        let start = Instant::now();
        (subject.calls)(u64::from(CALLS_OF_A_THREAD));
        start.elapsed().as_nanos() as f64 / f64::from(CALLS_OF_A_THREAD)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(one);
        (one() + other.join().expect("its time")) / 2.0
    })
}
