//! The command: the driver, or one of its workers.

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use steadfast_kill::{Plan, Scenario, run_if_worker};

const HELP: &str = "\
Kills workers and servers in the middle of charges, and proves that each key was charged once.

usage: cargo run -p steadfast-kill -- [options] [NAME..]

  NAME          sqlite, postgres, redis: charges at a gateway, the records in that store
                sqlite-row, postgres-row: rows written in one transaction with their records
                unguarded: charges without #[idempotent]
                (default: all but the last, one after the other)
  --rounds N    moments at which something is killed (default 200)
  --workers N   processes at work at once (default 4)
  --seed N      other moments, victims and faults (default: a random one, which is printed)

It ends with 1 when a key was charged twice, lost, or answered in two ways.";

fn main() -> ExitCode {
    if run_if_worker() {
        return ExitCode::SUCCESS;
    }
    match plans() {
        Ok(plans) => {
            let ends: Vec<bool> = plans.iter().map(run).collect();
            if ends.into_iter().all(|it| it) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("{why}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for: a plan for each scenario.
fn plans() -> Result<Vec<Plan>, String> {
    let program = env::current_exe().map_err(|why| why.to_string())?;
    let seed = fastrand::u64(..1_000_000);
    let mut plan = Plan { program, scenario: Scenario::SQLITE, rounds: 200, workers: 4, seed };
    let (mut scenarios, mut words) = (Vec::new(), env::args().skip(1));
    while let Some(word) = words.next() {
        if let Some(scenario) = Scenario::named(&word) {
            scenarios.push(scenario);
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} is not understood, or has no value"))?;
        let number = || value.parse().map_err(|_| format!("{word} {value}: not a number"));
        match word.as_str() {
            "--rounds" => plan.rounds = number()?,
            "--workers" => plan.workers = number()?.max(1) as usize,
            "--seed" => plan.seed = number()?.into(),
            _ => return Err(format!("{word} is not understood")),
        }
    }
    if scenarios.is_empty() {
        scenarios = Scenario::GUARDED.to_vec();
    }
    Ok(scenarios.into_iter().map(|scenario| Plan { scenario, ..plan.clone() }).collect())
}

/// Runs one and prints what it came to. Whether all is well.
fn run(plan: &Plan) -> bool {
    println!("{}: {} rounds, {} workers, seed {}", plan.scenario.name, plan.rounds, plan.workers, plan.seed);
    let start = Instant::now();
    let Some(report) = plan.run() else { return true };
    println!("{report}\n  {:>7} s", start.elapsed().as_secs());
    report.wrong.is_empty()
}
