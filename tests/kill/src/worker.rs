//! A process that charges orders until it is killed; and the one that ends all of them when everything is quiet.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::{Client, Ended};
use crate::order::Order;
use crate::scenario::Scenario;
use crate::{settle, store};

/// Calls at once in a worker.
const TASKS: usize = 4;

/// What a worker is to do. It is told on its command line.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) role: Role,
    pub(crate) scenario: Scenario,
    /// The store's URL, if it has one.
    pub(crate) store: String,
    /// Where ledger and journal are.
    pub(crate) folder: PathBuf,
    pub(crate) orders: Range<u32>,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Makes the store ready.
    Prepare,
    /// Charges orders, again and again, until it is killed.
    Work,
    /// Brings each order to its end.
    Settle,
}

const ROLES: [(&str, Role); 3] = [("prepare", Role::Prepare), ("work", Role::Work), ("settle", Role::Settle)];

impl Task {
    /// The command that runs it. Its stdin must stay open: when it closes, nobody needs it any more.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let role = ROLES.iter().find(|(_, role)| *role == self.role).map_or("", |(word, _)| word);
        let (start, end) = (self.orders.start.to_string(), self.orders.end.to_string());
        let mut command = Command::new(program);
        command.args(["worker", role, self.scenario.name, &self.store]).arg(&self.folder);
        command.args([start, end, self.seed.to_string()]).stdin(Stdio::piped());
        command
    }

    /// What a worker's command line says; `None` when it is none.
    fn read() -> Option<Self> {
        let words: Vec<OsString> = env::args_os().skip(1).collect();
        let [worker, role, scenario, store, folder, start, end, seed] = &words[..] else { return None };
        let role = ROLES.iter().find(|(word, _)| role == *word)?.1;
        (worker == "worker").then_some(())?;
        let scenario = Scenario::named(scenario.to_str()?)?;
        let store = store.to_str()?.to_owned();
        let orders = number(start)?..number(end)?;
        Some(Self { role, scenario, store, folder: folder.into(), orders, seed: number(seed)? })
    }
}

fn number<T: FromStr>(word: &OsString) -> Option<T> {
    word.to_str()?.parse().ok()
}

/// Does what the command line says, if it is a worker's.
pub fn run_if_worker() -> bool {
    let Some(task) = Task::read() else { return false };
    thread::spawn(die_with_parent);
    fastrand::seed(task.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(task));
    true
}

fn die_with_parent() {
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(0);
}

async fn run(task: Task) {
    if task.role == Role::Prepare {
        return store::prepare(&task.store).await.unwrap_or_else(|why| panic!("the store cannot be made ready: {why}"));
    }
    let client = Client::open(&task).await;
    match task.role {
        Role::Settle => settle::settle(client, task.orders).await,
        _ => work(client, task.orders).await,
    }
}

/// Calls for all orders at random, several at once, until this process is killed: each until it is answered, and now and
/// then once more, as impatient clients do.
async fn work(client: Client, orders: Range<u32>) {
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (client, orders, seed) = (client.clone(), orders.clone(), fastrand::u64(..));
        tasks.spawn(async move {
            let (mut answered, mut random) = (BTreeSet::new(), fastrand::Rng::with_seed(seed));
            loop {
                // New ones more often than old ones.
                let order = Order(random.u32(orders.clone()).max(random.u32(orders.clone())));
                if answered.contains(&order) && random.u32(..4) > 0 {
                    sleep(Duration::from_millis(1)).await;
                } else if client.call(order).await == Ended::Answered {
                    answered.insert(order);
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}
