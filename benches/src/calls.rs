//! What a call costs by each.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use steadfast_benches::drive::{SUBJECTS, Subject};

use crate::target::Target;

const COUNTED: u32 = 10_000;

/// What was measured of one subject.
struct Cost {
    instructions: f64,
    nanos: f64,
    allocations: f64,
    future: f64,
}

pub fn measure() -> Vec<Target> {
    let nanos = nanos();
    let costs: BTreeMap<_, _> =
        SUBJECTS.iter().map(|subject| (subject.name, cost(subject, nanos[subject.name]))).collect();
    print(&costs);
    targets(&costs)
}

fn cost(subject: &Subject, nanos: f64) -> Cost {
    (subject.calls)(100);
    let allocations = allocation_counter::measure(|| (subject.calls)(u64::from(COUNTED))).count_total;
    Cost {
        instructions: instructions(subject),
        nanos,
        allocations: (allocations as f64 / f64::from(COUNTED)).round(),
        future: (subject.future)() as f64,
    }
}

fn print(costs: &BTreeMap<&str, Cost>) {
    let hand = costs["hand"].instructions;
    println!(
        "{:<12} {:>12} {:>6} {:>8} {:>12} {:>8}",
        "per call", "instructions", "ns", "of hand", "allocations", "future"
    );
    for Subject { name, .. } in SUBJECTS {
        let Cost { instructions, nanos, allocations, future } = &costs[name];
        let of_hand = instructions / hand;
        println!("{name:<12} {instructions:>12.0} {nanos:>6.0} {of_hand:>8.2} {allocations:>12} {future:>8}");
    }
}

fn targets(costs: &BTreeMap<&str, Cost>) -> Vec<Target> {
    let ratio = |of: fn(&Cost) -> f64, ours: &str, theirs: &str| of(&costs[ours]) / of(&costs[theirs]);
    let instructions = |ours, theirs| ratio(|cost| cost.instructions, ours, theirs);
    let future = |ours, theirs| ratio(|cost| cost.future, ours, theirs);
    vec![
        Target { what: "instructions, ours / hand", is: instructions("ours", "hand"), may_be: 1.2 },
        Target {
            what: "instructions, ours-timed / hand-timed",
            is: instructions("ours-timed", "hand-timed"),
            may_be: 1.2,
        },
        Target { what: "instructions, ours / glued", is: instructions("ours", "glued"), may_be: 0.45 },
        Target { what: "instructions, ours / tower", is: instructions("ours", "tower"), may_be: 0.15 },
        Target { what: "allocations, ours", is: costs["ours"].allocations, may_be: 0.0 },
        Target { what: "size of the future, ours / hand", is: future("ours", "hand"), may_be: 1.5 },
        Target {
            what: "size of the future, ours-timed / hand-timed",
            is: future("ours-timed", "hand-timed"),
            may_be: 1.5,
        },
    ]
}

/// Nanoseconds by name.
fn nanos() -> BTreeMap<String, f64> {
    let printed = run(Command::new(program()).arg("time"));
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let lines = printed.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(name, nanos)| (name.to_owned(), nanos.parse().expect("a number"))).collect()
}

fn instructions(subject: &Subject) -> f64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--toggle-collect=calls::counted*", "--callgrind-out-file=/dev/null"]);
    let output = run(valgrind.arg(program()).args(["count", subject.name, &COUNTED.to_string()]));
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told.lines().find_map(|line| line.split("Collected :").nth(1));
    let collected: f64 = collected.and_then(|number| number.trim().parse().ok()).expect("callgrind's sum");
    collected / f64::from(COUNTED)
}

/// The program beside this one that makes the calls.
fn program() -> PathBuf {
    std::env::current_exe().expect("a path").with_file_name("calls")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
