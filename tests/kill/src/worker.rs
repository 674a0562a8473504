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

use steadfast::idempotent::Answer;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::charge::{PayError, Shop, charge, charge_without_idempotent};
use crate::gateway::{Charge, Gateway};
use crate::journal::{Event, Journal};
use crate::order::Order;
use crate::{settle, store};

/// Calls at once in a worker.
const TASKS: usize = 4;

/// What a worker is to do. It is told on its command line.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) role: Role,
    /// The store's URL, or `none` for the work without `idempotent`.
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
        command.args(["worker", role, &self.store]).arg(&self.folder);
        command.args([start, end, self.seed.to_string()]).stdin(Stdio::piped());
        command
    }

    /// What a worker's command line says; `None` when it is none.
    fn read() -> Option<Self> {
        let words: Vec<OsString> = env::args_os().skip(1).collect();
        let [worker, role, store, folder, start, end, seed] = &words[..] else { return None };
        let role = ROLES.iter().find(|(word, _)| role == *word)?.1;
        (worker == "worker").then_some(())?;
        let store = store.to_str()?.to_owned();
        let orders = number(start)?..number(end)?;
        Some(Self { role, store, folder: folder.into(), orders, seed: number(seed)? })
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

/// Somebody who wants orders charged, and calls again until told how it ended.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) shop: Shop,
    /// With `idempotent`.
    guarded: bool,
}

impl Client {
    /// Its server may be down just now.
    async fn open(task: &Task) -> Self {
        let records = loop {
            match store::open(&task.store).await {
                Ok(records) => break records,
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        };
        let gateway = Gateway::open(&task.folder, task.role == Role::Settle);
        let shop = Shop { records, gateway, journal: Journal::open(&task.folder) };
        Self { shop, guarded: task.store != "none" }
    }

    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded
    }

    /// One call. What its caller learns goes into the journal, once it has learned it.
    pub(crate) async fn call(&self, order: Order) -> Result<(), PayError> {
        let answer = self.charge(order).await;
        let learned = |id: &str, replayed| Event::Answer { order, id: id.to_owned(), replayed };
        let event = match &answer {
            Ok(answer) => learned(&answer.id, answer.was_replayed()),
            // Whether an error is a replay its caller cannot see, and need not.
            Err(PayError::Declined { id }) => learned(id, false),
            Err(PayError::NoAnswer) => Event::NoAnswer(order),
            Err(PayError::Refused(refused)) if refused.code() == "timed_out" => Event::NoAnswer(order),
            Err(PayError::Refused(refused)) if refused.code() == "unrecorded" => Event::Unrecorded(order),
            Err(PayError::Refused(_) | PayError::Unreachable) => return answer.map(drop),
        };
        self.shop.journal.add(&event);
        match answer {
            Ok(_) | Err(PayError::Declined { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn charge(&self, order: Order) -> Result<Answer<Charge>, PayError> {
        if self.guarded {
            charge(self.shop.clone(), order, order.to_string()).await
        } else {
            charge_without_idempotent(self.shop.gateway.clone(), order).await.map(Answer::new)
        }
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
                let order = Order(random.u32(orders.clone()));
                if answered.contains(&order) && random.u32(..4) > 0 {
                    sleep(Duration::from_millis(1)).await;
                } else if client.call(order).await.is_ok() {
                    answered.insert(order);
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}
