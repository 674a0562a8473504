//! What a store of records adds to its database: a claim and its completion, beside the same statements
//! sent by hand over the same client.

mod postgres;
mod redis;
mod sqlite;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use steadfast::idempotent::{Claimed, Held, NewClaim, Outcome, RecordId, Stored};

use crate::target::Target;

/// What a charge returns.
const RESULT: &[u8] = br#"{"id":"ch_3PQ8Zk2eZvKYlo2C1n4Ui9xY","amount":4999,"currency":"eur","status":"captured"}"#;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// One claim and its completion, under a key of the given number.
type Pair = Arc<dyn Fn(u64) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How it is done, and by whom.
struct Store {
    name: &'static str,
    /// Whether each commit waits for the disk: then those in flight must share the wait.
    synced: bool,
    hand: Pair,
    ours: Pair,
}

/// So many claims at once.
const IN_FLIGHT: u64 = 64;
const ROUNDS: usize = 15;

pub fn measure() -> Vec<Target> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    println!("\nclaim and complete, pairs a second (median of {ROUNDS} rounds in turns)");
    println!("{:<28} {:>10} {:>10} {:>10} {:>10}", "", "hand", "ours", "hand, 64", "ours, 64");
    runtime.block_on(async {
        let mut targets = Vec::new();
        targets.extend(sqlite::measure().await);
        targets.extend(postgres::measure().await);
        targets.extend(redis::measure().await);
        targets
    })
}

/// A pair through a store of ours.
fn through(records: impl steadfast::idempotent::Store) -> Pair {
    pair(move |number| {
        let records = records.clone();
        async move {
            let now = SystemTime::now();
            let claim = NewClaim::new(id(number), now, Duration::from_secs(60));
            let (id, token) = (claim.id.clone(), claim.token);
            assert!(matches!(records.claim(claim).await, Ok(Claimed::Won)));
            let outcome = Outcome::Known { stored: Stored::Value(RESULT.into()), expires_at: now + DAY };
            assert!(matches!(records.complete(&id, token, outcome).await, Ok(Held::Yes)));
        }
    })
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

fn id(number: u64) -> RecordId {
    RecordId::new("charges.create", None, &format!("order-{number}")).expect("a key")
}

fn pair<F: Future<Output = ()> + Send + 'static>(pair: impl Fn(u64) -> F + Send + Sync + 'static) -> Pair {
    Arc::new(move |number| Box::pin(pair(number)))
}

/// Both in turns, so that what else the machine does meets both alike.
async fn compare(store: &Store, single: u64, many: u64) -> Vec<Target> {
    let mut seconds: [Vec<f64>; 4] = Default::default();
    for round in 0..=ROUNDS {
        let parts = [
            (&store.hand, 1, single),
            (&store.ours, 1, single),
            (&store.hand, IN_FLIGHT, many),
            (&store.ours, IN_FLIGHT, many),
        ];
        for (kept, (who, at_once, pairs)) in seconds.iter_mut().zip(parts) {
            let took = run(who, at_once, pairs).await;
            // The first round warms up.
            if round > 0 {
                kept.push(took / pairs as f64);
            }
        }
    }
    let [hand, ours, hand_many, ours_many] = seconds.map(median);
    let rates = [hand, ours, hand_many, ours_many].map(|seconds| 1.0 / seconds);
    println!("{:<28} {:>10.0} {:>10.0} {:>10.0} {:>10.0}", store.name, rates[0], rates[1], rates[2], rates[3]);
    let target = |what: &str, is, may_be| Target { what: format!("{}: {what}", store.name), is, may_be };
    let mut targets = vec![
        target("time, ours / hand", ours / hand, 1.15),
        target("time, ours / hand, 64 in flight", ours_many / hand_many, 1.15),
    ];
    if store.synced {
        targets.push(target("time, 64 in flight / single", ours_many / ours, 0.1));
    }
    targets
}

/// Seconds for so many pairs, so many of them at once.
async fn run(who: &Pair, at_once: u64, pairs: u64) -> f64 {
    static KEY: AtomicU64 = AtomicU64::new(0);
    let first = KEY.fetch_add(pairs, Ordering::Relaxed);
    let next = Arc::new(AtomicU64::new(first));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let (who, next) = (who.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= first + pairs {
                    return;
                }
                who(number).await;
            }
        });
    }
    tasks.join_all().await;
    start.elapsed().as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}
