//! What was measured of one subject, and how.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use steadfast_benches::drive::{Group, Subject};

const COUNTED: u32 = 10_000;

/// What was measured of one subject.
pub struct Cost {
    pub instructions: f64,
    pub nanos: f64,
    pub allocations: f64,
    pub future: f64,
}

pub type Costs = BTreeMap<&'static str, Cost>;

/// What each of a group costs, by name.
pub fn of(group: &Group) -> Costs {
    let nanos = nanos(group);
    group.subjects.iter().map(|subject| (subject.name, cost(group, subject, nanos[subject.name]))).collect()
}

/// One row for each, and how it compares with the floor.
pub fn print(group: &Group, costs: &Costs) {
    let floor = &costs[group.floor];
    println!(
        "\n{:<18} {:>12} {:>6} {:>8} {:>8} {:>12} {:>8}",
        group.name, "instructions", "ns", "of floor", "ns", "allocations", "future"
    );
    for Subject { name, .. } in group.subjects {
        let Cost { instructions, nanos, allocations, future } = &costs[name];
        let (of_floor, ns_of_floor) = (instructions / floor.instructions, nanos / floor.nanos);
        println!(
            "{name:<18} {instructions:>12.0} {nanos:>6.0} {of_floor:>8.2} {ns_of_floor:>8.2} {allocations:>12} {future:>8}"
        );
    }
}

fn cost(group: &Group, subject: &Subject, nanos: f64) -> Cost {
    (subject.calls)(100);
    let allocations = allocation_counter::measure(|| (subject.calls)(u64::from(COUNTED))).count_total;
    Cost {
        instructions: instructions(group, subject),
        nanos,
        allocations: (allocations as f64 / f64::from(COUNTED)).round(),
        future: (subject.future)() as f64,
    }
}

/// Nanoseconds by name.
fn nanos(group: &Group) -> BTreeMap<String, f64> {
    numbers(&["time", group.name])
}

/// Nanoseconds by name where two threads call at once.
pub fn contended(group: &Group) -> BTreeMap<String, f64> {
    numbers(&["contend", group.name])
}

fn numbers(arguments: &[&str]) -> BTreeMap<String, f64> {
    let printed = run(Command::new(program()).args(arguments));
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let lines = printed.lines().filter_map(|line| line.rsplit_once(' '));
    lines.map(|(name, number)| (name.to_owned(), number.parse().expect("a number"))).collect()
}

fn instructions(group: &Group, subject: &Subject) -> f64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--toggle-collect=calls::counted*", "--callgrind-out-file=/dev/null"]);
    let output = run(valgrind.arg(program()).args(["count", group.name, subject.name, &COUNTED.to_string()]));
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
