//! `cargo run -p checkout`: see `--help`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on both")]

use std::env;
use std::future::{pending, poll_fn};
use std::io::{IsTerminal, Write, stderr};
use std::process::{self, ExitCode};
use std::task::Poll;
use std::time::Duration;

use checkout::scenarios::{Failed, Scenario, place_order};
use checkout::{Command, HELP, Metrics, Options, Orders, Progress, World, introduction, run};
use tokio::signal::ctrl_c;
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

async fn command() -> Result<ExitCode, Failed> {
    match Command::parse(env::args_os().skip(1))? {
        Command::Run(options) => run_orders(options).await,
        Command::Scenarios(scenarios) => play(&scenarios).await,
        Command::PlaceOrder(folder) => {
            place_order(&folder).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Help => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Each with what happened.
async fn play(scenarios: &[Scenario]) -> Result<ExitCode, Failed> {
    log();
    let (this, mut kept) = (env::current_exe()?, true);
    for (number, scenario) in (1..).zip(scenarios) {
        println!("{number}. {}: {}", scenario.name(), scenario.title());
        let account = scenario.play(&this).await?;
        println!("{account}");
        kept &= account.is_kept();
    }
    println!("{}", if kept { "All as promised." } else { "NOT as promised: see the lines that say so." });
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_orders(Options { orders, stack, keeps, faults }: Options) -> Result<ExitCode, Failed> {
    log();
    let orders = Orders::load(&orders, |broken| eprintln!("checkout: {}: {broken}; skipped", orders.display()))?;
    let world = World::open(keeps, faults).await?;
    println!("{}", introduction(&orders, stack, faults.seed, &world));
    let report = run(&orders, stack, &world, &Metrics::install()?, progress(), interrupted()).await?;
    print!("\n{report}");
    Ok(match (report.succeeded(), report.was_stopped()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::from(INTERRUPTED),
        (true, false) => ExitCode::SUCCESS,
    })
}

/// What a shell makes of SIGINT.
const INTERRUPTED: u8 = 130;

/// The first Ctrl-C. The second one ends the process at once, as a kill does.
async fn interrupted() {
    if ctrl_c().await.is_err() {
        // Then Ctrl-C does what it always did.
        return pending().await;
    }
    let mut again = Box::pin(ctrl_c());
    // It listens from its first poll on: before anybody is told of it.
    if poll_fn(|context| Poll::Ready(again.as_mut().poll(context))).await.is_ready() {
        return;
    }
    eprintln!("\ncheckout: stopping. What has begun is brought to its end; Ctrl-C again ends at once");
    tokio::spawn(async {
        if again.await.is_ok() {
            eprintln!("\ncheckout: ended at once. Run it again: it asks the gateway what became of the rest");
            process::exit(INTERRUPTED.into());
        }
    });
}

/// Silent, unless `RUST_LOG` asks for more: the report is what one wants to see.
fn log() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(stderr).init();
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
