//! Starts workers, kills them, kills their server, and at last lets one of them bring everything to its end.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use steadfast_servers::{TempDir, temp_dir};

use crate::gateway::Gateway;
use crate::journal::Journal;
use crate::proof::{Figures, Proof};
use crate::scenario::{Scenario, Work};
use crate::store::Server;
use crate::worker::{Role, Task};

/// New orders in each round. A worker works on those of a few rounds to come, and of the past ones whose owners may have
/// been killed or frozen for as long as a lease.
const ORDERS: u32 = 16;
const AHEAD: u32 = 3;
const BEHIND: u32 = 9;

/// Rounds for which a worker is frozen: together longer than a lease.
const FROZEN: u32 = BEHIND;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program of the workers: `steadfast-kill`.
    pub program: PathBuf,
    /// What is run.
    pub scenario: Scenario,
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
    /// Workers that were frozen beyond their leases.
    pub workers_frozen: u32,
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
        let [killed, frozen, servers] = [self.workers_killed, self.workers_frozen, self.servers_killed];
        writeln!(
            f,
            "  {killed:>7} workers killed, {frozen} frozen beyond their leases; the server killed {servers} times"
        )?;
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
        let server = match self.scenario.store {
            Some(kind) => Some(Server::start(kind, folder.path())?),
            None => None,
        };
        let mut run = Run {
            plan: self,
            store: server.as_ref().map_or_else(String::new, Server::url),
            server,
            folder,
            workers: Vec::new(),
            random: Rng::with_seed(self.seed),
            workers_killed: 0,
            workers_frozen: 0,
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
    workers_frozen: u32,
    servers_killed: u32,
}

/// Killed when dropped.
struct Worker {
    child: Child,
    /// Until which round it is frozen.
    frozen: Option<u32>,
}

impl Worker {
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let done = Command::new("sh").args(["-c", r#"kill -s "$0" "$1""#, name, &pid]).status();
        assert!(done.expect("a shell").success(), "our own child gets our signals");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
        // Late owners get their say before the last pass.
        self.thaw(u32::MAX);
        self.pause(100..200);
        self.workers.clear();
        let orders = 0..(self.plan.rounds + AHEAD) * ORDERS;
        self.wait_for(Role::Settle, orders.clone());
        self.report(&orders)
    }

    /// Lets them work for a moment, then kills some of the workers, or the server, or both.
    fn round(&mut self, round: u32) {
        while self.workers.len() < self.plan.workers {
            let orders = round.saturating_sub(BEHIND) * ORDERS..(round + AHEAD) * ORDERS;
            let worker = self.start(Role::Work, orders);
            self.workers.push(worker);
        }
        self.thaw(round);
        self.pause(60..500);
        match self.random.u32(..10) {
            0..4 => self.kill_workers(),
            4..6 => self.freeze(round),
            6..8 => self.kill_server(),
            _ => {
                self.kill_workers();
                self.kill_server();
            }
        }
    }

    /// Stops a worker for longer than a lease, where no gateway could be asked too early: it comes back as a late owner.
    fn freeze(&mut self, round: u32) {
        if self.plan.scenario.work != Work::Transfer {
            return self.kill_workers();
        }
        if let Some(worker) = self.workers.iter_mut().find(|it| it.frozen.is_none()) {
            worker.signal("STOP");
            worker.frozen = Some(round.saturating_add(FROZEN));
            self.workers_frozen += 1;
        }
    }

    fn thaw(&mut self, round: u32) {
        for worker in self.workers.iter_mut().filter(|it| it.frozen.is_some_and(|until| until <= round)) {
            worker.signal("CONT");
            worker.frozen = None;
        }
    }

    /// Not the frozen ones: they are to come back.
    fn kill_workers(&mut self) {
        for _ in 0..self.random.usize(1..=self.plan.workers) {
            let awake: Vec<_> = (0..self.workers.len()).filter(|&it| self.workers[it].frozen.is_none()).collect();
            let Some(&victim) = self.random.choice(&awake) else { return };
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
            scenario: self.plan.scenario,
            store: self.store.clone(),
            folder: self.folder.path().into(),
            orders,
            seed: self.random.u64(..),
        };
        let child = task.command(&self.plan.program).spawn();
        let child = child.unwrap_or_else(|why| panic!("cannot start {}: {why}", self.plan.program.display()));
        Worker { child, frozen: None }
    }

    fn wait_for(&mut self, role: Role, orders: Range<u32>) {
        let mut worker = self.start(role, orders);
        // Its stdin stays open meanwhile, unlike with `Child::wait`: it tells the worker that we are here.
        let stdin = worker.child.stdin.take();
        let status = worker.child.wait().expect("our own child");
        drop(stdin);
        assert!(status.success(), "{role:?}: {status}");
    }

    fn report(&self, orders: &Range<u32>) -> Report {
        let folder: &Path = self.folder.path();
        let ledger = Gateway::open(folder, true).entries();
        let proof = Proof::of(orders, &ledger, &Journal::open(folder).read());
        Report {
            workers_killed: self.workers_killed,
            workers_frozen: self.workers_frozen,
            servers_killed: self.servers_killed,
            figures: proof.figures,
            wrong: proof.wrong,
        }
    }
}
