//! The command: the driver, or one of its workers.

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use steadfast_kill::{Kind, Plan, run_if_worker};

const HELP: &str = "\
Kills workers and servers in the middle of charges, and proves that each key was charged once.

usage: cargo run -p steadfast-kill -- [options]

  --store NAME           sqlite, postgres or redis (default: one after the other)
  --rounds N             moments at which something is killed (default 200)
  --workers N            processes at work at once (default 4)
  --seed N               other moments, victims and faults (default: a random one, which is printed)
  --without idempotent   run the same work without that attribute

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

/// What the command line asks for: a plan for each store.
fn plans() -> Result<Vec<Plan>, String> {
    let program = env::current_exe().map_err(|why| why.to_string())?;
    let mut plan = Plan { program, store: None, rounds: 200, workers: 4, seed: fastrand::u64(..1_000_000) };
    let (mut stores, mut words) = (Kind::ALL.map(Some).to_vec(), env::args().skip(1));
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} has no value"))?;
        let number = || value.parse().map_err(|_| format!("{word} {value}: not a number"));
        match word.as_str() {
            "--rounds" => plan.rounds = number()?,
            "--workers" => plan.workers = number()?.max(1) as usize,
            "--seed" => plan.seed = number()?.into(),
            "--without" if value == "idempotent" => stores = vec![None],
            "--store" => {
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == value);
                stores = vec![Some(kind.ok_or_else(|| format!("{value} is no store"))?)];
            }
            _ => return Err(format!("{word} {value} is not understood")),
        }
    }
    Ok(stores.into_iter().map(|store| Plan { store, ..plan.clone() }).collect())
}

/// Runs one and prints what it came to. Whether all is well.
fn run(plan: &Plan) -> bool {
    let name = plan.store.map_or("without idempotent", Kind::name);
    println!("{name}: {} rounds, {} workers, seed {}", plan.rounds, plan.workers, plan.seed);
    let start = Instant::now();
    let Some(report) = plan.run() else { return true };
    println!("{report}\n  {:>7} s", start.elapsed().as_secs());
    report.wrong.is_empty()
}
