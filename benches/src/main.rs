//! Prints what a call costs by each, and what compiling costs, and holds both against the
//! targets. `./bench` at the root of the repository builds and runs it.

mod calls;
mod compile_time;
mod cost;
mod payments;
mod single;
mod stores;
mod target;
mod tasks;

use std::process::ExitCode;

use target::Target;

fn main() -> ExitCode {
    let only = std::env::args().nth(1);
    let wanted = |name| only.as_deref().is_none_or(|only| only == name);
    let mut targets = Vec::new();
    if wanted("calls") {
        targets.extend(calls::measure());
    }
    if wanted("patterns") {
        targets.extend(single::measure());
    }
    if wanted("stores") {
        targets.extend(stores::measure());
    }
    if wanted("payments") {
        targets.extend(payments::measure());
    }
    if wanted("tasks") {
        targets.extend(tasks::measure());
    }
    if wanted("compile") {
        targets.extend(compile_time::measure());
    }
    target::print(&targets);
    if targets.iter().all(Target::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
