//! The limits in Redis against those of one process, told the same times.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use steadfast::rate_limit::{Answer, Backend, Counting, Limit, Quota, RateLimiter, Receipt};
use steadfast::{__rt, Reason};
use tokio::time::advance;

use crate::RedisError;
use crate::apart::Apart;

impl Backend for Apart {
    type Error = RedisError;

    async fn take(&self, limit: &Limit<'_>, cost: u32) -> Result<Answer, RedisError> {
        let (name, key, quota) = (limit.name.to_owned(), limit.key.map(<[u8]>::to_vec), limit.quota);
        let step = async move |redis: crate::Redis, at| {
            redis.take_at(at, &Limit::new(&name, key.as_deref(), quota), cost).await
        };
        self.at(step).await
    }

    async fn give_back(&self, limit: &Limit<'_>, cost: u32, receipt: Receipt) -> Result<(), RedisError> {
        let (name, key, quota) = (limit.name.to_owned(), limit.key.map(<[u8]>::to_vec), limit.quota);
        let step = async move |redis: crate::Redis, at| {
            redis.give_back_at(at, &Limit::new(&name, key.as_deref(), quota), cost, receipt).await
        };
        self.at(step).await
    }

    async fn clear(&self, _: &Limit<'_>) -> Result<(), RedisError> {
        unreachable!("no test clears on a clock of its own")
    }
}

#[derive(Clone, Debug)]
enum Event {
    Call(u32),
    /// The n-th of the calls let through (modulo their number) did not happen.
    GiveBack(usize),
    Pass(Duration),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let micros = |range: std::ops::Range<u64>| range.prop_map(Duration::from_micros);
    let event = prop_oneof![
        10 => Just(Event::Call(1)),
        6 => (1..7_u32).prop_map(Event::Call),
        3 => any::<usize>().prop_map(Event::GiveBack),
        4 => micros(0..3_000).prop_map(Event::Pass),
        4 => (0..8_u32).prop_map(|steps| Event::Pass(GRID * steps)),
        2 => micros(3_000..40_000).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..60)
}

/// Times of which many are multiples meet exactly: in that moment a call expires, or does not.
const GRID: Duration = Duration::from_micros(500);

/// Periods and intervals of odd nanoseconds, too.
fn quotas() -> impl Strategy<Value = Quota> {
    let odd = || (1_000_000..20_000_000_u64).prop_map(Duration::from_nanos);
    let even = || (1..20_u32).prop_map(|steps| GRID * steps);
    let period = || prop_oneof![odd(), even()];
    prop_oneof![
        (1..9_u32, period()).prop_map(|(calls, period)| Quota::window(calls, period)),
        (1..9_u32, period(), 1..9_u32).prop_map(|(calls, per, burst)| Quota::rate(calls, per, burst)),
    ]
}

fn limiter(quota: Quota) -> RateLimiter {
    match quota.counting() {
        Counting::Window { max_calls, period } => RateLimiter::window("both", max_calls, period),
        Counting::Rate { interval, burst } => RateLimiter::rate("both", 1, interval, burst),
    }
}

/// A limiter that has nothing free: whoever asks below another gives that one back what it took.
static NOTHING: RateLimiter = RateLimiter::window("nothing", 1, Duration::from_secs(1));

async fn agree(apart: &Apart, quota: Quota, events: &[Event], name: &'static str) {
    let local = limiter(quota);
    let limit = Limit::new(name, None, quota);
    let mut through = Vec::new();
    for (step, event) in events.iter().enumerate() {
        match *event {
            Event::Pass(time) => advance(time).await,
            Event::Call(cost) => {
                let here = __rt::take_now(__rt::weighted(&local, cost), ());
                let Ok((back, ())) = here else {
                    let refused = here.err().unwrap();
                    let wait = match refused.reason() {
                        Reason::TooCostly { .. } => continue, // nobody is asked
                        _ => refused.retry_after().unwrap(),
                    };
                    assert_eq!(apart.take(&limit, cost).await, Ok(Answer::Wait(wait)), "step {step}: {event:?}");
                    continue;
                };
                match apart.take(&limit, cost).await.unwrap() {
                    Answer::Admitted(receipt) => through.push((cost, back, receipt)),
                    Answer::Wait(wait) => panic!("step {step}: {event:?} has to wait {wait:?} in Redis"),
                }
            }
            Event::GiveBack(_) if through.is_empty() => {}
            Event::GiveBack(n) => {
                let (cost, back, receipt) = through.remove(n % through.len());
                assert!(__rt::ask_now(__rt::weighted(&NOTHING, 2), back).is_some());
                apart.give_back(&limit, cost, receipt).await.unwrap();
            }
        }
    }
}

#[test]
fn a_limit_in_redis_answers_as_one_of_a_process_does() {
    let Some(server) = steadfast_servers::redis("a limit in Redis answers as one of a process does") else { return };
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let mut runner = TestRunner::new(Config { cases: 400, ..Config::default() });
    let tried = runner.run(&(quotas(), events()), |(quota, events)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let name: &'static str = format!("both-{}", NAMES.fetch_add(1, Ordering::Relaxed)).leak();
        runtime.block_on(async {
            let apart = Apart::new(server.url(), server.prefix().to_owned()).await;
            agree(&apart, quota, &events, name).await;
        });
        Ok(())
    });
    tried.unwrap();
}
