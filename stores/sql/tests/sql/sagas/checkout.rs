//! A checkout whose other side counts what it did, and whose process can be killed in a step.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use steadfast::Failure;
use steadfast::idempotent::Held;
use steadfast::retry::RetryPolicy;
use steadfast_payments::saga::{Resumed, Saga, SagaId, SagaLog, Step};
use tokio::sync::Semaphore;

pub(crate) const NAME: &str = "tests.checkout";

/// Longer than a test takes: a lease ends where [`abandon`] says so.
pub(crate) const LONG: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) cents: u64,
    pub(crate) done: Vec<String>,
    /// Not for the log.
    #[serde(skip)]
    pub(crate) card: String,
}

pub(crate) fn order(cents: u64) -> Order {
    Order { cents, ..Order::default() }
}

#[derive(Debug, Failure)]
#[failure(terminal)]
pub(crate) struct NoSuchAddress;

/// The other side: it does what it is asked once for each key.
#[derive(Default)]
pub(crate) struct Shop {
    keys: Mutex<BTreeSet<String>>,
    effects: Mutex<BTreeMap<String, u32>>,
}

impl Shop {
    fn call(&self, what: &str, key: &str) {
        if self.keys.lock().unwrap().insert(key.to_owned()) {
            *self.effects.lock().unwrap().entry(what.to_owned()).or_default() += 1;
        }
    }

    pub(crate) fn effects(&self) -> Vec<(String, u32)> {
        self.effects.lock().unwrap().clone().into_iter().collect()
    }
}

/// Where a process waits: in which call, and whether before or after it is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waits {
    Before(&'static str),
    After(&'static str),
}

/// A process: what the steps work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) shop: Arc<Shop>,
    waits: Option<(Waits, Arc<Semaphore>, Arc<Semaphore>)>,
}

impl App {
    pub(crate) fn new(shop: &Arc<Shop>) -> Self {
        Self { shop: shop.clone(), waits: None }
    }

    pub(crate) fn waiting(shop: &Arc<Shop>, waits: Waits) -> Self {
        let [reached, open] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
        Self { shop: shop.clone(), waits: Some((waits, reached, open)) }
    }

    /// Waits until a step waits.
    pub(crate) async fn reached(&self) {
        match &self.waits {
            Some((_, reached, _)) => reached.acquire().await.unwrap().forget(),
            None => pending().await,
        }
    }

    /// Lets the steps on.
    pub(crate) fn open(&self) {
        self.waits.iter().for_each(|(_, _, open)| open.add_permits(Semaphore::MAX_PERMITS / 2));
    }

    async fn call(&self, what: &str, step: &Step) {
        self.stop(|waits| matches!(waits, Waits::Before(call) if call == what)).await;
        self.shop.call(what, step.downstream_key());
        self.stop(|waits| matches!(waits, Waits::After(call) if call == what)).await;
    }

    async fn stop(&self, here: impl Fn(Waits) -> bool) {
        if let Some((waits, reached, open)) = &self.waits
            && here(*waits)
        {
            reached.add_permits(1);
            open.acquire().await.unwrap().forget();
        }
    }
}

async fn act(app: App, mut order: Order, step: Step) -> Result<Order, NoSuchAddress> {
    if step.name() == "charge" && order.cents == 0 {
        return Err(NoSuchAddress);
    }
    app.call(step.name(), &step).await;
    order.done.push(step.name().to_owned());
    Ok(order)
}

async fn release(app: App, _: Order, step: Step) -> Result<(), NoSuchAddress> {
    app.call("release", &step).await;
    Ok(())
}

static ONCE: RetryPolicy = RetryPolicy::new(NAME).max_attempts(1);

/// Reserve, charge, ship. One of nothing is declined, and so undone.
pub(crate) fn checkout(lease: Duration) -> Saga<App, Order, NoSuchAddress> {
    Saga::new(NAME, 1)
        .step("reserve", act, release)
        .pivot("charge", act)
        .forward("ship", act)
        .retry(&ONCE)
        .insist(&ONCE)
        .lease(lease)
}

/// All three steps, so often each.
pub(crate) fn all_done(times: u32) -> Vec<(String, u32)> {
    ["charge", "reserve", "ship"].map(|step| (step.to_owned(), times)).into()
}

/// Runs a checkout in a process of its own, and ends that when a step waits.
pub(crate) async fn killed<L: SagaLog>(
    open: impl AsyncFnOnce() -> L + Send + 'static,
    app: App,
    id: String,
    order: Order,
) {
    let process = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let log = open().await;
            let (saga, steps) = (checkout(LONG), app.clone());
            tokio::spawn(async move { saga.run(&steps, &log, &id, order).await });
            app.reached().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(10));
    };
    tokio::task::spawn_blocking(process).await.unwrap();
}

/// Ends the lease of a saga, as if its owner had not renewed it.
pub(crate) async fn abandon(log: &impl SagaLog, id: &str) {
    let id = SagaId::new(NAME, id).unwrap();
    let owner = log.load(&id).await.unwrap().unwrap().token;
    assert_eq!(log.renew(&id, owner, SystemTime::UNIX_EPOCH).await.unwrap(), Held::Yes);
}

/// Goes on with what died processes left.
pub(crate) async fn resumed(shop: &Arc<Shop>, log: &impl SagaLog) -> Resumed<NoSuchAddress> {
    checkout(LONG).resume_all(&App::new(shop), log).await.unwrap()
}
