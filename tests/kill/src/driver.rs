//! Starts workers, kills them, kills their server, and at last lets one of them bring everything to its end.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use steadfast_servers::{TempDir, temp_dir};

use crate::gateway::Gateway;
use crate::journal::Journal;
use crate::proof::{Figures, Proof};
use crate::store::{Kind, Server};
use crate::worker::{Role, Task};

/// New orders in each round, and how many rounds' orders a worker works on.
const ORDERS: u32 = 24;
const BREADTH: u32 = 3;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program of the workers: `steadfast-kill`.
    pub program: PathBuf,
    /// Where the records are kept; `None` runs the same work without `idempotent`.
    pub store: Option<Kind>,
    /// Moments at which something is killed.
    pub rounds: u32,
    /// Processes at work at once.
    pub workers: usize,
    /// From which all random choices follow: moments, victims, faults.
    pub seed: u64,
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Workers that were killed.
    pub workers_killed: u32,
    /// Times that the server was killed.
    pub servers_killed: u32,
    /// What was counted.
    pub figures: Figures,
    /// What is wrong, each in a sentence.
    pub wrong: Vec<String>,
}

/// The figures, and the first of what is wrong.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:>7} workers killed, {} times the server", self.workers_killed, self.servers_killed)?;
        self.figures.fmt(f)?;
        self.wrong.iter().take(20).try_for_each(|wrong| writeln!(f, "  WRONG {wrong}"))?;
        write!(f, "  {:>7} wrong", self.wrong.len())
    }
}

impl Plan {
    /// Runs it. `None`, said on the terminal, when the store's server has no program here.
    ///
    /// # Panics
    ///
    /// When a process that nobody killed fails.
    pub fn run(&self) -> Option<Report> {
        let folder = temp_dir();
        let server = match self.store {
            Some(kind) => Some(Server::start(kind, folder.path())?),
            None => None,
        };
        let mut run = Run {
            plan: self,
            store: server.as_ref().map_or_else(|| "none".into(), Server::url),
            server,
            folder,
            workers: Vec::new(),
            random: Rng::with_seed(self.seed),
            workers_killed: 0,
            servers_killed: 0,
        };
        Some(run.all())
    }
}

struct Run<'a> {
    plan: &'a Plan,
    store: String,
    server: Option<Server>,
    folder: TempDir,
    workers: Vec<Worker>,
    random: Rng,
    workers_killed: u32,
    servers_killed: u32,
}

/// Killed when dropped.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Run<'_> {
    fn all(&mut self) -> Report {
        if self.server.is_some() {
            self.wait_for(Role::Prepare, 0..0);
        }
        for round in 0..self.plan.rounds {
            self.round(round);
        }
        self.workers.clear();
        let orders = 0..(self.plan.rounds + BREADTH) * ORDERS;
        self.wait_for(Role::Settle, orders.clone());
        self.report(&orders)
    }

    /// Lets them work for a moment, then kills some of the workers, or the server, or both.
    fn round(&mut self, round: u32) {
        while self.workers.len() < self.plan.workers {
            let start = round * ORDERS;
            let worker = self.start(Role::Work, start..start + BREADTH * ORDERS);
            self.workers.push(worker);
        }
        self.pause(60..500);
        match self.random.u32(..10) {
            0..6 => self.kill_workers(),
            6..8 => self.kill_server(),
            _ => {
                self.kill_workers();
                self.kill_server();
            }
        }
    }

    fn kill_workers(&mut self) {
        for _ in 0..self.random.usize(1..=self.plan.workers) {
            if self.workers.is_empty() {
                return;
            }
            let victim = self.random.usize(..self.workers.len());
            drop(self.workers.swap_remove(victim));
            self.workers_killed += 1;
            self.pause(0..5);
        }
    }

    /// Kills the server, if there is one, and starts it again a moment later; a worker otherwise.
    fn kill_server(&mut self) {
        let Some(server) = self.server.take().filter(Server::can_be_killed) else { return self.kill_workers() };
        server.kill();
        // Now and then for longer than a lease: then nobody can record what was done.
        let is_long = self.random.u32(..8) == 0;
        self.pause(if is_long { 2000..3000 } else { 0..300 });
        server.restart();
        self.server = Some(server);
        self.servers_killed += 1;
    }

    fn pause(&mut self, milliseconds: Range<u64>) {
        thread::sleep(Duration::from_millis(self.random.u64(milliseconds)));
    }

    fn start(&mut self, role: Role, orders: Range<u32>) -> Worker {
        let task = Task {
            role,
            store: self.store.clone(),
            folder: self.folder.path().into(),
            orders,
            seed: self.random.u64(..),
        };
        let child = task.command(&self.plan.program).spawn();
        Worker(child.unwrap_or_else(|why| panic!("cannot start {}: {why}", self.plan.program.display())))
    }

    fn wait_for(&mut self, role: Role, orders: Range<u32>) {
        let mut worker = self.start(role, orders);
        // Its stdin stays open meanwhile, unlike with `Child::wait`: it tells the worker that we are here.
        let stdin = worker.0.stdin.take();
        let status = worker.0.wait().expect("our own child");
        drop(stdin);
        assert!(status.success(), "{role:?}: {status}");
    }

    fn report(&self, orders: &Range<u32>) -> Report {
        let folder: &Path = self.folder.path();
        let ledger = Gateway::open(folder, true).entries();
        let proof = Proof::of(orders, &ledger, &Journal::open(folder).read());
        Report {
            workers_killed: self.workers_killed,
            servers_killed: self.servers_killed,
            figures: proof.figures,
            wrong: proof.wrong,
        }
    }
}
