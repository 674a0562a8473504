//! The short version: a few rounds for each store. `./test --long` has hundreds.

use steadfast_kill::{Plan, Report, Scenario};

/// `None` when the store's server has no program here.
fn run(scenario: Scenario, rounds: u32) -> Option<Report> {
    let program = env!("CARGO_BIN_EXE_steadfast-kill").into();
    let plan = Plan { program, scenario, rounds, workers: 3, seed: fastrand::u64(..1_000_000) };
    println!("{}: {rounds} rounds, seed {}", scenario.name, plan.seed);
    let report = plan.run()?;
    println!("{report}");
    Some(report)
}

/// What came of it, when something was tried at all.
fn each_is_charged_once(scenario: Scenario) -> Option<Report> {
    let report = run(scenario, 12)?;
    assert!(report.wrong.is_empty(), "see above");
    assert!(report.workers_killed > 0 && report.figures.replays > 0, "nothing was tried");
    Some(report)
}

fn each_is_charged_once_and_doubts_are_cleared(scenario: Scenario) {
    let Some(report) = each_is_charged_once(scenario) else { return };
    assert!(report.figures.recovered > 0, "nothing was ever in doubt");
}

#[test]
fn sqlite() {
    each_is_charged_once_and_doubts_are_cleared(Scenario::SQLITE);
}

#[test]
fn postgres() {
    each_is_charged_once_and_doubts_are_cleared(Scenario::POSTGRES);
}

#[test]
fn redis() {
    each_is_charged_once_and_doubts_are_cleared(Scenario::REDIS);
}

#[test]
fn rows_in_sqlite() {
    each_is_charged_once(Scenario::SQLITE_ROW);
}

#[test]
fn rows_in_postgres() {
    each_is_charged_once(Scenario::POSTGRES_ROW);
}

/// Or the test could not fail.
#[test]
fn without_idempotent_orders_are_charged_twice() {
    let report = run(Scenario::UNGUARDED, 3).expect("it needs no server");
    assert!(report.wrong.iter().any(|wrong| wrong.contains("times instead of 1")), "nothing was found");
}
