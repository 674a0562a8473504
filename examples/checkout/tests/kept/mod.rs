//! Runs of the command over one store and one ledger, and what they leave.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use steadfast_servers::{TempDir, temp_dir};

/// One store, one ledger, one file of orders.
pub(crate) struct Shop {
    store: String,
    pub(crate) folder: TempDir,
}

/// What an order of the file is.
#[derive(Clone, Copy)]
pub(crate) enum Card {
    /// Charged, whatever goes wrong on the way.
    Any,
    /// The gateway never answers.
    Silent,
}

impl Shop {
    /// Over the store of this URL.
    pub(crate) fn over(store: impl Into<String>) -> Self {
        Self { store: store.into(), folder: temp_dir() }
    }

    /// That keeps nothing.
    pub(crate) fn in_memory() -> Self {
        Self::over("memory")
    }

    /// Over an SQLite file.
    pub(crate) fn over_sqlite() -> Self {
        let folder = temp_dir();
        Self { store: format!("sqlite:{}", folder.join("records.sqlite").display()), folder }
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.join("ledger.sqlite")
    }

    pub(crate) fn records(&self) -> PathBuf {
        self.folder.join("records.sqlite")
    }

    /// Writes so many orders, every fifth of them sent twice at once.
    pub(crate) fn orders(&self, number: usize, card: Card) {
        let card = match card {
            Card::Any => "tok_visa",
            Card::Silent => "tok_silent",
        };
        let mut text = String::new();
        for order in 1..=number {
            let client = if order % 5 == 0 { "impatient" } else { "patient" };
            let (id, amount) = (format!("o-{order}"), 100 * order);
            let line = format!(
                r#"{{"order":"{id}","key":"key of {id}","amount":{amount},"currency":"EUR","card":"{card}","client":"{client}"}}"#
            );
            writeln!(text, "{line}").unwrap();
        }
        fs::write(self.folder.join("orders.jsonl"), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkout"));
        command.args(["--store", &self.store]);
        if self.store != "memory" {
            command.arg("--ledger").arg(self.ledger());
        }
        command.arg("--orders").arg(self.folder.join("orders.jsonl")).args(arguments).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// To the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// To the end, which must be a good one.
    pub(crate) fn finish(&self) -> Report {
        let output = self.run(&[]);
        let report = Report::of(&output);
        assert!(output.status.success() && report.0.contains("The proof holds"), "{output:?}\n{}", report.0);
        report
    }

    /// Begins, and waits until the ledger has this run, and so many charges, of all runs.
    pub(crate) async fn until_charged(&self, charges: usize) -> Child {
        let before = self.count("checkout_runs").await;
        let mut child = self.command(&[]).spawn().unwrap();
        // There may be enough of them before it has begun.
        while self.count("checkout_runs").await == before || self.charges().await.len() < charges {
            if child.try_wait().unwrap().is_some() {
                panic!("it ended before it took {charges} charges: {:?}", child.wait_with_output());
            }
            sleep(Duration::from_millis(3));
        }
        child
    }

    /// The orders that were charged, in the order of time, each with its run.
    pub(crate) async fn charges(&self) -> Vec<(String, i64)> {
        let Some(mut ledger) = self.open_ledger().await else { return Vec::new() };
        let rows = sqlx::query_as(
            "SELECT request ->> '$.authorize.reference', run FROM checkout_requests
             WHERE request -> '$.authorize' IS NOT NULL ORDER BY place",
        );
        // Its tables are made a moment after the file.
        rows.fetch_all(&mut ledger).await.unwrap_or_default()
    }

    /// How many requests are stuck at the gateway.
    pub(crate) async fn stuck(&self) -> i64 {
        self.count("checkout_stuck").await
    }

    async fn count(&self, table: &str) -> i64 {
        let Some(mut ledger) = self.open_ledger().await else { return 0 };
        let statement = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(&statement).fetch_one(&mut ledger).await.unwrap_or_default()
    }

    async fn open_ledger(&self) -> Option<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(self.ledger()).busy_timeout(Duration::from_secs(10));
        options.connect().await.ok()
    }

    /// Fails unless each of so many orders was charged once, over all runs.
    pub(crate) async fn charged_each_once(&self, orders: usize) {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for (order, _) in self.charges().await {
            *times.entry(order).or_default() += 1;
        }
        let expected: BTreeMap<_, _> = (1..=orders).map(|order| (format!("o-{order}"), 1)).collect();
        assert_eq!(times, expected);
    }
}

/// As `kill -9` does it, and nobody can do anything about it.
pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// As Ctrl-C does it.
pub(crate) fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// What a run printed.
pub(crate) struct Report(pub(crate) String);

impl Report {
    pub(crate) fn of(output: &Output) -> Self {
        Self(String::from_utf8(output.stdout.clone()).unwrap())
    }

    /// The number in front of this label.
    pub(crate) fn number(&self, label: &str) -> usize {
        let row = self.0.lines().find_map(|line| {
            let (number, rest) = line.trim_start().split_once("  ")?;
            let found = rest.trim_start().strip_prefix(label)?;
            (found.is_empty() || found.starts_with("  ")).then(|| number.parse().ok())?
        });
        row.unwrap_or_else(|| panic!("there is no `{label}` in\n{}", self.0))
    }

    /// Fails unless each request is counted once, and each order.
    pub(crate) fn adds_up(&self, requests: usize, orders: usize) {
        let ended = ["charged", "recovered", "replayed", "declined", "conflicts", "invalid", "unknown"];
        let sum: usize = ended.iter().map(|label| self.number(label)).sum();
        assert_eq!((self.number("requests"), sum), (requests, requests), "{}", self.0);
        let told = ["charged once", "charged twice", "charged another amount", "charged without a record"];
        let rest = ["not charged", "unknown outcomes"];
        let sum: usize = told.iter().chain(&rest).map(|label| self.number(label)).sum();
        assert_eq!((self.number("orders"), sum), (orders, orders), "{}", self.0);
    }

    /// What is written between two texts.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let found = self.0.split_once(before).and_then(|(_, rest)| rest.split_once(after));
        found.unwrap_or_else(|| panic!("there is no `{before}..{after}` in\n{}", self.0)).0
    }
}
