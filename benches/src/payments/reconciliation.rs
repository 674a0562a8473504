//! Two ledgers of ten million rows, in CSV that is made as it is read.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::target::Target;

/// Each side has at least ten million rows of it.
const REFERENCES: u64 = 10_020_000;

pub fn measure() -> Vec<Target> {
    let runs = [Run::of(&said("run")), Run::of(&said("run"))];
    let [making, parsing] = ["make", "parse"].map(|work| Time::of(&said(work)).or_less(Time::of(&said(work))));
    let busy = runs.iter().map(|run| run.time.busy).fold(f64::INFINITY, f64::min);
    let seconds = runs.iter().map(|run| run.time.seconds).fold(f64::INFINITY, f64::min);
    let peak = runs.iter().map(|run| run.peak_mib).fold(0.0, f64::max);
    // What making the files costs is in each of them.
    let of_parsing = (busy - making.busy) / (parsing.busy - making.busy);
    let rows = runs[0].rows;
    println!("\n{:<18} {:>10} {:>8} {:>8} {:>12} {:>8}", "reconciliation", "rows", "s", "cpu s", "rows/s", "MiB");
    println!("{:<18} {rows:>10} {seconds:>8.2} {busy:>8.2} {:>12.0} {peak:>8.1}", "ours", rows / seconds);
    for (what, time) in [("csv alone", &parsing), ("files made", &making)] {
        println!("{what:<18} {rows:>10} {:>8.2} {:>8.2} {:>12.0}", time.seconds, time.busy, rows / time.seconds);
    }
    let differ = f64::from(u8::from(runs[0].hash != runs[1].hash));
    vec![
        Target { what: "reconciliation, 10 M rows a side: MiB".into(), is: peak, may_be: 200.0 },
        Target { what: "reconciliation, second run: other bytes".into(), is: differ, may_be: 0.0 },
        Target { what: "reconciliation / parsing both files".into(), is: of_parsing, may_be: 6.0 },
    ]
}

struct Time {
    seconds: f64,
    /// Of the processor.
    busy: f64,
}

impl Time {
    fn of(said: &str) -> Self {
        let mut numbers = said.split_whitespace().map(|word| word.parse().expect("a number"));
        let mut next = || numbers.next().expect("seconds, and those of the processor");
        Self { seconds: next(), busy: next() }
    }

    /// Of two runs the one that was disturbed less: what the ratio is made of are differences.
    fn or_less(self, other: Self) -> Self {
        if other.busy < self.busy { other } else { self }
    }
}

struct Run {
    time: Time,
    rows: f64,
    peak_mib: f64,
    hash: String,
}

impl Run {
    fn of(said: &str) -> Self {
        let words: Vec<&str> = said.split_whitespace().collect();
        let [seconds, busy, rows, kib, hash] = words[..] else { panic!("five words, and not: {said}") };
        let [seconds, busy, rows, kib] = [seconds, busy, rows, kib].map(|word| word.parse::<f64>().expect("a number"));
        Self { time: Time { seconds, busy }, rows, peak_mib: kib / 1024.0, hash: hash.to_owned() }
    }
}

fn said(work: &str) -> String {
    let mut command = Command::new(program());
    let output = command.args([work, &REFERENCES.to_string()]).stderr(Stdio::inherit()).output().expect("it runs");
    assert!(output.status.success(), "`reconcile {work}` failed");
    String::from_utf8(output.stdout).expect("text")
}

/// Built beside this one.
fn program() -> PathBuf {
    std::env::current_exe().expect("a path").with_file_name("reconcile")
}
