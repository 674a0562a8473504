//! The short version: a few rounds for each store. `./test --long` has hundreds.

use steadfast_kill::{Kind, Plan};

fn plan(store: Option<Kind>) -> Plan {
    let program = env!("CARGO_BIN_EXE_steadfast-kill").into();
    Plan { program, store, rounds: 12, workers: 3, seed: fastrand::u64(..1_000_000) }
}

fn each_is_charged_once(kind: Kind) {
    let plan = plan(Some(kind));
    let Some(report) = plan.run() else { return };
    println!("{}: {} rounds, seed {}\n{report}", kind.name(), plan.rounds, plan.seed);
    assert!(report.wrong.is_empty(), "see above");
    let figures = report.figures;
    assert!(report.workers_killed > 0 && figures.replays > 0 && figures.recovered > 0, "nothing was tried");
}

#[test]
fn sqlite() {
    each_is_charged_once(Kind::Sqlite);
}

#[test]
fn postgres() {
    each_is_charged_once(Kind::Postgres);
}

#[test]
fn redis() {
    each_is_charged_once(Kind::Redis);
}

/// Or the test could not fail.
#[test]
fn without_idempotent_orders_are_charged_twice() {
    let plan = Plan { rounds: 3, ..plan(None) };
    let report = plan.run().expect("it needs no server");
    println!("seed {}\n{report}", plan.seed);
    assert!(report.wrong.iter().any(|wrong| wrong.contains("times instead of 1")), "nothing was found");
}
