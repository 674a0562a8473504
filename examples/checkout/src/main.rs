//! `cargo run -p checkout`: see `--help`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on both")]

use std::env;
use std::error::Error;
use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;
use std::time::Duration;

use checkout::{Command, HELP, Metrics, Options, Orders, Progress, introduction, run};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    match command().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("checkout: {error}");
            ExitCode::from(2)
        }
    }
}

async fn command() -> Result<ExitCode, Box<dyn Error>> {
    let Options { orders, stack, seed } = match Command::parse(env::args_os().skip(1))? {
        Command::Run(options) => options,
        Command::Help => {
            println!("{HELP}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    log();
    let orders = Orders::load(&orders, |broken| eprintln!("checkout: {}: {broken}; skipped", orders.display()))?;
    println!("{}", introduction(&orders, stack, seed));
    let report = run(&orders, stack, seed, &Metrics::install()?, progress()).await;
    print!("\n{report}");
    Ok(if report.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Silent, unless `RUST_LOG` asks for more: the report is what one wants to see.
fn log() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).init();
}

/// One line that is written over and over on a terminal, else a line every two seconds.
fn progress() -> impl FnMut(Progress) {
    let in_place = stderr().is_terminal() && env::var_os("RUST_LOG").is_none();
    let mut next = Duration::ZERO;
    move |progress| {
        if in_place {
            let end = if progress.is_last() { "\n" } else { "" };
            eprint!("\r\x1b[2K{progress}{end}");
            let _ = stderr().flush();
        } else if progress.elapsed >= next || progress.is_last() {
            eprintln!("{progress}");
            next = progress.elapsed + Duration::from_secs(2);
        }
    }
}
