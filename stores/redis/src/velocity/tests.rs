//! The counts in Redis against those of one process and a plain model, told the same times; and a
//! server that fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use steadfast_payments::fraud::{
    Decision, Facts, FraudEngine, MOST_COUNTED, MemoryVelocity, PaymentId, Velocity, VelocityCounts, VelocityKey,
    WhenDown,
};
use steadfast_servers::RedisServer;
use tokio::time::{Instant, advance};

use crate::apart::Apart;
use crate::{Redis, RedisError, RedisOptions};

/// Times of which many are multiples meet exactly: in that moment a payment leaves its window, or does
/// not.
const GRID: Duration = Duration::from_micros(500);

const HOUR: Duration = Duration::from_secs(3600);

impl Apart {
    async fn count(&self, payment: PaymentId, keys: &[VelocityKey]) -> Result<Vec<u32>, RedisError> {
        let keys = keys.to_vec();
        self.at(async move |redis: Redis, at| redis.count_at(at, payment, &keys).await).await
    }
}

#[derive(Clone, Debug)]
enum Event {
    /// This payment, under those of the keys whose bits are set.
    Pay(u8, u8),
    Pass(Duration),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let micros = |range: std::ops::Range<u64>| range.prop_map(Duration::from_micros);
    let event = prop_oneof![
        12 => (0..8_u8, 0..8_u8).prop_map(|(payment, keys)| Event::Pay(payment, keys)),
        3 => micros(0..3_000).prop_map(Event::Pass),
        4 => (0..8_u32).prop_map(|steps| Event::Pass(GRID * steps)),
        1 => micros(3_000..40_000).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..60)
}

/// Of odd nanoseconds, too.
fn windows() -> impl Strategy<Value = [Duration; 3]> {
    let odd = (1_000_000..20_000_000_u64).prop_map(Duration::from_nanos);
    let even = (2..20_u32).prop_map(|steps| GRID * steps);
    let window = || prop_oneof![odd.clone(), even.clone()];
    [window(), window(), window()]
}

/// The same with nothing clever: every payment under every key, looked through each time.
#[derive(Default)]
struct Plain(Vec<(usize, u8, Instant)>);

impl Plain {
    fn count(&mut self, payment: u8, key: usize, window: Duration) -> u32 {
        let now = Instant::now();
        self.0.retain(|(of, _, at)| *of != key || now - *at < window);
        if !self.0.iter().any(|(of, present, _)| (*of, *present) == (key, payment)) {
            self.0.push((key, payment, now));
        }
        u32::try_from(self.0.iter().filter(|(of, ..)| *of == key).count()).unwrap()
    }
}

async fn agree(apart: &Apart, windows: [Duration; 3], events: &[Event], engine: &str) {
    let (memory, mut plain) = (MemoryVelocity::default(), Plain::default());
    let keys = windows.map(|window| VelocityKey::new(engine, "rule", &format!("{window:?}"), window));
    let keys: Vec<_> = keys.into_iter().enumerate().map(|(n, key)| (n, rename(engine, n, &key))).collect();
    for (step, event) in events.iter().enumerate() {
        let (payment, bits) = match *event {
            Event::Pass(time) => {
                advance(time).await;
                continue;
            }
            Event::Pay(payment, bits) => (payment, bits),
        };
        let asked: Vec<_> = keys.iter().filter(|(n, _)| bits & 1 << n != 0).cloned().collect();
        let expected: Vec<_> = asked.iter().map(|(n, key)| plain.count(payment, *n, key.window())).collect();
        let asked: Vec<_> = asked.into_iter().map(|(_, key)| key).collect();
        let id = PaymentId::of(&payment.to_string());
        assert_eq!(memory.count(id, &asked).await.unwrap(), expected, "step {step}, in memory: {event:?}");
        assert_eq!(apart.count(id, &asked).await.unwrap(), expected, "step {step}, in Redis: {event:?}");
    }
}

/// Two keys may have one window.
fn rename(engine: &str, n: usize, key: &VelocityKey) -> VelocityKey {
    VelocityKey::new(engine, "rule", &n.to_string(), key.window())
}

#[test]
fn redis_memory_and_a_plain_list_count_alike() {
    let Some(server) = steadfast_servers::redis("Redis, memory and a plain list count alike") else { return };
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let mut runner = TestRunner::new(Config { cases: 300, ..Config::default() });
    let tried = runner.run(&(windows(), events()), |(windows, events)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let engine = format!("engine-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        runtime.block_on(async {
            let apart = Apart::new(server.url(), server.prefix().to_owned()).await;
            agree(&apart, windows, &events, &engine).await;
        });
        Ok(())
    });
    tried.unwrap();
}

/// The oldest go, in both; and one of those counts anew.
#[tokio::test]
async fn beyond_the_most_that_are_counted_both_answer_alike() {
    let Some(server) = steadfast_servers::redis("beyond the most that are counted") else { return };
    let apart = Apart::new(server.url(), server.prefix().to_owned()).await;
    let memory = MemoryVelocity::default();
    let key = [VelocityKey::new("engine", "rule", "value", HOUR)];
    let pay = async |payment: u32| {
        advance(Duration::from_micros(1)).await;
        let id = PaymentId::of(&payment.to_string());
        let counts = (memory.count(id, &key).await.unwrap()[0], apart.count(id, &key).await.unwrap()[0]);
        assert_eq!(counts.0, counts.1, "payment {payment}");
        counts.0
    };
    for payment in 0..MOST_COUNTED {
        assert_eq!(pay(payment).await, payment + 1);
    }
    for payment in [MOST_COUNTED, 5, 0, MOST_COUNTED + 1, MOST_COUNTED] {
        assert_eq!(pay(payment).await, MOST_COUNTED);
    }
    // What was counted an hour ago leaves, one in a microsecond: so both remember the same.
    advance(HOUR - Duration::from_micros(u64::from(MOST_COUNTED))).await;
    let mut last = 0;
    for payment in 0..20 {
        last = pay(1_000_000 + payment).await;
    }
    assert!(last < MOST_COUNTED, "{last}");
}

/// A server of the test's own, whose commands may take so long.
async fn own(what: &str, timeout: Duration) -> Option<(RedisServer, Redis)> {
    let server = steadfast_servers::redis_server(what, &[])?;
    let redis = RedisOptions::new().timeout(timeout).connect(&server.url()).await.unwrap();
    Some((server, redis))
}

fn keys<const N: usize>() -> [VelocityKey; N] {
    std::array::from_fn(|n| VelocityKey::new("engine", "rule", &n.to_string(), HOUR))
}

async fn count(redis: &Redis, payment: &str) -> Vec<u32> {
    VelocityCounts::count(redis, PaymentId::of(payment), &keys::<2>()).await.unwrap()
}

#[tokio::test]
async fn processes_count_together_each_payment_once() {
    let Some(server) = steadfast_servers::redis("processes count together") else { return };
    let connect = || RedisOptions::new().prefix(server.prefix()).timeout(Duration::from_secs(30)).connect(server.url());
    let (one, other) = (connect().await.unwrap(), connect().await.unwrap());
    let mut all = tokio::task::JoinSet::new();
    for n in 0..200 {
        let redis = if n % 2 == 0 { one.clone() } else { other.clone() };
        all.spawn(async move { count(&redis, &format!("order-{}", n % 50)).await });
    }
    all.join_all().await;
    assert_eq!(count(&one, "order-0").await, [50, 50]);
}

#[tokio::test]
async fn what_nobody_asks_for_is_forgotten_with_its_window_and_holds_no_name() {
    let Some((server, redis)) = own("velocity keys expire", Duration::from_secs(30)).await else { return };
    let user = VelocityKey::new("checkout", "user_hourly", "ada@example.com", HOUR);
    VelocityCounts::count(&redis, PaymentId::of("order-17"), &[user]).await.unwrap();
    let present = server.command(&["KEYS", "*"]).unwrap();
    let [key] = present.as_slice() else { panic!("{present:?}") };
    assert!(key.starts_with("steadfast:{") && key.contains("}:velocity:"), "{key}");
    assert!(!key.contains("ada") && !key.contains("user_hourly"), "{key}");
    let left: u64 = server.command(&["PTTL", key]).unwrap()[0].parse().unwrap();
    assert!((3_000_000..=3_601_000).contains(&left), "{left}");
    assert!(!server.command(&["ZRANGE", key, "0", "-1"]).unwrap()[0].contains("order"));
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_script_is_told_again() {
    let Some((server, redis)) = own("a script that was flushed", Duration::from_secs(30)).await else { return };
    assert_eq!(count(&redis, "order-1").await, [1, 1]);
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert_eq!(count(&redis, "order-2").await, [2, 2]);
}

#[tokio::test]
async fn what_is_no_count_under_our_key_is_an_error() {
    let Some((server, redis)) = own("another type under a velocity key", Duration::from_secs(30)).await else { return };
    assert_eq!(count(&redis, "order-1").await, [1, 1]);
    let key = server.command(&["KEYS", "*"]).unwrap().remove(0);
    server.command(&["SET", &key, "17"]).unwrap();
    let error = VelocityCounts::count(&redis, PaymentId::of("order-2"), &keys::<2>()).await.unwrap_err();
    assert!(!error.is_full() && !error.to_string().contains("17"), "{error}");
}

#[tokio::test]
async fn a_full_server_says_so_and_still_answers_for_what_it_has_counted() {
    let Some((server, redis)) = own("velocity without memory", Duration::from_secs(30)).await else { return };
    assert_eq!(count(&redis, "order-1").await, [1, 1]);
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
    let error = VelocityCounts::count(&redis, PaymentId::of("order-2"), &keys::<2>()).await.unwrap_err();
    assert!(error.is_full());
    assert_eq!(count(&redis, "order-1").await, [1, 1]);
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
    assert_eq!(count(&redis, "order-2").await, [2, 2]);
}

/// What each choice makes of a payment while the server does not answer.
async fn while_down(redis: &Redis) {
    let engine = |when_down| {
        let rule = Velocity::per_user(1, HOUR, when_down).unwrap();
        FraudEngine::builder("checkout", redis.clone()).rule("user_hourly", rule).build().unwrap()
    };
    let facts = Facts::new("order-17").user("u_42");
    let unassessed = engine(WhenDown::Refuse).assess(&facts).await.unwrap_err();
    assert_eq!((unassessed.rule().as_str(), unassessed.reason().as_str()), ("user_hourly", "counts_unavailable"));
    let reviewed = engine(WhenDown::Review).assess(&facts).await.unwrap();
    assert_eq!(reviewed.decision(), Decision::Review);
    let approved = engine(WhenDown::NoOpinion).assess(&facts).await.unwrap();
    assert_eq!(approved.decision(), Decision::Approve);
}

#[tokio::test]
async fn a_server_that_is_gone() {
    let Some((server, redis)) = own("velocity on a server that is gone", Duration::from_secs(30)).await else { return };
    assert_eq!(count(&redis, "order-1").await, [1, 1]);
    server.kill();
    while_down(&redis).await;
    server.restart();
    // It kept nothing on disk.
    assert_eq!(count(&redis, "order-1").await, [1, 1]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time() {
    let what = "velocity on a server that does not answer in time";
    let Some((server, redis)) = own(what, Duration::from_millis(300)).await else { return };
    server.freeze();
    while_down(&redis).await;
    server.thaw();
}
