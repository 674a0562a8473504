//! `calls count NAME NUMBER`: makes so many calls, for callgrind to count.
//! `calls time`: prints the nanoseconds of a call by each.
//!
//! Apart from the program that prints the table, whose allocator counts.

use std::time::Instant;

use steadfast_benches::drive::{Calls, SUBJECTS, Subject};

const ROUNDS: usize = 201;
const CALLS_PER_ROUND: u32 = 1_000;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["count", name, number] => count(name, number.parse().expect("a number")),
        ["time"] => time(),
        _ => panic!("calls count NAME NUMBER | calls time"),
    }
}

fn count(name: &str, number: u64) {
    let subject = SUBJECTS.iter().find(|subject| subject.name == name).expect("a name of the table");
    // What happens once (statics, a clock that calibrates itself) is not a call's.
    (subject.calls)(100);
    counted(subject.calls, number);
}

/// Callgrind counts while this runs.
#[inline(never)]
fn counted(calls: Calls, number: u64) {
    calls(number);
    // Or the call above is the function's whole work, and becomes a jump out of it.
    std::hint::black_box(number);
}

/// In turns, so that what disturbs the machine disturbs all of them.
fn time() {
    let mut nanos: Vec<Vec<f64>> = SUBJECTS.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (subject, nanos) in SUBJECTS.iter().zip(&mut nanos) {
            nanos.push(round(subject));
        }
    }
    for (subject, mut nanos) in SUBJECTS.iter().zip(nanos) {
        nanos.sort_by(f64::total_cmp);
        println!("{} {}", subject.name, nanos[ROUNDS / 2]);
    }
}

fn round(subject: &Subject) -> f64 {
    let start = Instant::now();
    (subject.calls)(u64::from(CALLS_PER_ROUND));
    start.elapsed().as_nanos() as f64 / f64::from(CALLS_PER_ROUND)
}
