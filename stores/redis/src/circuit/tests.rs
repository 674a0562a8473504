//! The circuits in Redis against those of one process, told the same times.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use steadfast::Rejection;
use steadfast::circuit_breaker::{
    Admission, Backend, BreakerState, Circuit, CircuitBreaker, CircuitBreakerConfig, Control, Ended, Permit, Seen,
    Shared, Window,
};
use steadfast::shared::WhenDown;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::advance;

use crate::RedisError;
use crate::apart::Apart;

/// A circuit that outlives the borrow of its name.
fn owned(circuit: &Circuit<'_>) -> Circuit<'static> {
    let name: &'static str = circuit.name.to_owned().leak();
    circuit.renamed(name)
}

impl Backend for Apart {
    type Error = RedisError;

    async fn admit(&self, circuit: &Circuit<'_>) -> Result<Admission, RedisError> {
        let circuit = owned(circuit);
        self.at(async move |redis: crate::Redis, at| redis.admit_at(at, &circuit).await).await
    }

    async fn record(&self, circuit: &Circuit<'_>, permit: Permit, ended: Ended) -> Result<Seen, RedisError> {
        let circuit = owned(circuit);
        self.at(async move |redis: crate::Redis, at| redis.record_at(at, &circuit, permit, ended).await).await
    }

    async fn put(&self, circuit: &Circuit<'_>, control: Control) -> Result<Seen, RedisError> {
        let circuit = owned(circuit);
        self.at(async move |redis: crate::Redis, at| redis.put_at(at, &circuit, control).await).await
    }

    async fn look(&self, circuit: &Circuit<'_>) -> Result<Seen, RedisError> {
        let circuit = owned(circuit);
        self.at(async move |redis: crate::Redis, at| redis.look_at(at, &circuit).await).await
    }
}

#[derive(Debug)]
enum Failed {
    Counts,
    CountsNot,
    Refused(Rejection),
}

impl From<Rejection> for Failed {
    fn from(refused: Rejection) -> Self {
        Self::Refused(refused)
    }
}

fn counts(failed: &Failed) -> bool {
    matches!(failed, Failed::Counts)
}

#[derive(Clone, Copy, Debug)]
enum End {
    Succeeds,
    Fails,
    FailsForGood,
    IsDropped,
}

impl End {
    fn result(self) -> Result<(), Failed> {
        match self {
            Self::Succeeds => Ok(()),
            Self::Fails => Err(Failed::Counts),
            Self::FailsForGood | Self::IsDropped => Err(Failed::CountsNot),
        }
    }
}

/// A breaker of this process, with its calls.
type Here = Pin<Box<dyn Future<Output = Result<(), Failed>>>>;

/// A call under both breakers.
struct Call {
    here: (oneshot::Sender<End>, Here),
    shared: (oneshot::Sender<End>, JoinHandle<Result<(), Failed>>),
}

/// One breaker of a process, and one in Redis, of the same settings.
struct Both {
    apart: Apart,
    local: &'static CircuitBreaker,
    shared: &'static CircuitBreaker<Shared<Apart>>,
}

fn poll(call: &mut Here) -> Poll<Result<(), Failed>> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// When a call is refused: until when.
fn wait(refused: Result<(), Failed>) -> Option<Duration> {
    match refused {
        Err(Failed::Refused(refused)) => refused.retry_after(),
        other => panic!("{other:?} without being called"),
    }
}

impl Both {
    /// Calls under both; `None` when both refuse, for equally long.
    async fn call(&self) -> Option<Call> {
        let (end_here, ended_here) = oneshot::channel::<End>();
        let mut here: Here = Box::pin(self.local.call_when(counts, || async { ended_here.await.unwrap().result() }));
        let refused_here = match poll(&mut here) {
            Poll::Ready(refused) => Some(wait(refused)),
            Poll::Pending => None,
        };

        let (end, ended) = oneshot::channel::<End>();
        let (begin, begun) = oneshot::channel();
        let shared = tokio::spawn(self.shared.call_when(counts, || async {
            begin.send(()).unwrap();
            ended.await.unwrap().result()
        }));
        match begun.await {
            Ok(()) => {
                assert_eq!(refused_here, None, "only Redis let it through");
                Some(Call { here: (end_here, here), shared: (end, shared) })
            }
            Err(_) => {
                assert_eq!(refused_here, Some(wait(shared.await.unwrap())));
                None
            }
        }
    }

    async fn end(&self, call: Call, end: End) {
        let ((end_here, mut here), (end_shared, shared)) = (call.here, call.shared);
        if let End::IsDropped = end {
            drop(here);
            shared.abort();
            assert!(shared.await.unwrap_err().is_cancelled());
            return self.apart.settled().await;
        }
        end_here.send(end).unwrap();
        assert!(poll(&mut here).is_ready());
        end_shared.send(end).unwrap();
        drop(shared.await.unwrap());
    }

    async fn put(&self, control: Control) {
        match control {
            Control::Automatic => (self.local.reset(), self.shared.reset().await).1,
            Control::ForcedOpen => (self.local.force_open(), self.shared.force_open().await).1,
            Control::Disabled => (self.local.disable(), self.shared.disable().await).1,
            Control::MetricsOnly => (self.local.metrics_only(), self.shared.metrics_only().await).1,
        }
        .unwrap();
    }
}

#[derive(Clone, Debug)]
enum Event {
    Call,
    /// The n-th of the calls under way (modulo their number).
    End(usize, End),
    Pass(u64),
    Put(Control),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let ends = prop_oneof![
        5 => Just(End::Succeeds),
        4 => Just(End::Fails),
        1 => Just(End::FailsForGood),
        1 => Just(End::IsDropped),
    ];
    let controls = prop_oneof![
        2 => Just(Control::Automatic),
        1 => Just(Control::ForcedOpen),
        1 => Just(Control::Disabled),
        1 => Just(Control::MetricsOnly),
    ];
    let event = prop_oneof![
        24 => Just(Event::Call),
        24 => (any::<usize>(), ends).prop_map(|(n, end)| Event::End(n, end)),
        8 => (0..9_000_u64).prop_map(Event::Pass),
        4 => (9_000..140_000_u64).prop_map(Event::Pass),
        1 => controls.prop_map(Event::Put),
    ];
    prop::collection::vec(event, 1..60)
}

const MS: Duration = Duration::from_millis(1);

/// Settings of both kinds, and of both windows.
fn settings() -> impl Strategy<Value = CircuitBreakerConfig> {
    let kind = prop_oneof![
        2 => (1..4_u32).prop_map(|row| CircuitBreakerConfig { failure_threshold: Some(row), ..Default::default() }),
        3 => rates(Just(Window::Time(MS * 100))),
        3 => rates((5..12_u32).prop_map(Window::Calls)),
    ];
    (kind, 1..4_u32, 1..5_u32, prop::option::of(Just(2.0))).prop_map(|(kind, probes, successes, backoff)| {
        CircuitBreakerConfig {
            recovery_timeout: Some(MS * 50),
            recovery_backoff: backoff,
            max_recovery_timeout: backoff.map(|_| MS * 170),
            half_open_max_calls: Some(probes),
            success_threshold: Some(successes),
            ..kind
        }
    })
}

fn rates(window: impl Strategy<Value = Window>) -> impl Strategy<Value = CircuitBreakerConfig> {
    let shares = || prop_oneof![Just(0.1), Just(0.3), Just(0.5), Just(1.0)];
    (window, 1..5_u32, shares(), prop::option::of((8..40_u32, shares()))).prop_map(
        |(window, minimum, failures, slow)| CircuitBreakerConfig {
            failure_rate: Some(failures),
            window: Some(window),
            minimum_calls: Some(minimum),
            slow_call: slow.map(|(after, _)| MS * after),
            slow_rate: slow.map(|(_, share)| share),
            ..Default::default()
        },
    )
}

/// A breaker of each kind, whose probes hold their places for so long.
async fn both(server: &steadfast_servers::Redis, config: &CircuitBreakerConfig, lease: Duration) -> Both {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let apart = Apart::new(server.url(), server.prefix().to_owned()).await;
    let name: &'static str = format!("both-{}", NAMES.fetch_add(1, Ordering::Relaxed)).leak();
    let breaker = || CircuitBreaker::from_config(name, config).unwrap();
    let shared = breaker().shared(apart.clone(), WhenDown::Refuse).probe_lease(lease).unwrap();
    Both { apart, local: Box::leak(Box::new(breaker())), shared: Box::leak(Box::new(shared)) }
}

async fn agree(both: &Both, events: &[Event]) {
    // The parts of a window begin with the first call.
    let first = both.call().await.unwrap();
    both.end(first, End::Succeeds).await;
    let mut under_way = Vec::new();
    for (step, event) in events.iter().enumerate() {
        match *event {
            Event::Call => under_way.extend(both.call().await),
            Event::End(..) if under_way.is_empty() => {}
            Event::End(n, end) => both.end(under_way.remove(n % under_way.len()), end).await,
            Event::Pass(micros) => advance(Duration::from_micros(micros)).await,
            Event::Put(control) => both.put(control).await,
        }
        let seen = both.shared.look().await.unwrap();
        assert_eq!(seen.state, both.local.state(), "after step {step}: {event:?}");
    }
}

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn a_circuit_in_redis_does_what_one_of_a_process_does() {
    let Some(server) = steadfast_servers::redis("a circuit in Redis does what one of a process does") else { return };
    let mut runner = TestRunner::new(Config { cases: 400, ..Config::default() });
    let tried = runner.run(&(settings(), events()), |(settings, events)| {
        paused().block_on(async { agree(&both(&server, &settings, MS * 3_600_000).await, &events).await });
        Ok(())
    });
    tried.unwrap();
}

#[test]
fn a_probe_that_died_gives_its_place_away_and_its_late_word_changes_nothing() {
    let what = "a probe that died gives its place away";
    let Some(server) = steadfast_servers::redis(what) else { return };
    let settings =
        CircuitBreakerConfig { failure_threshold: Some(1), recovery_timeout: Some(MS * 50), ..Default::default() };
    paused().block_on(async {
        let Both { shared, .. } = both(&server, &settings, MS * 200).await;
        let down = shared.call_when(counts, || async { Err::<(), _>(Failed::Counts) }).await;
        assert!(matches!(down, Err(Failed::Counts)));
        advance(MS * 50).await;

        let (end, ended) = oneshot::channel::<()>();
        let (begin, begun) = oneshot::channel();
        let hangs = tokio::spawn(shared.call_when(counts, || async {
            begin.send(()).unwrap();
            ended.await.unwrap();
            Ok::<_, Failed>(())
        }));
        begun.await.unwrap();
        let work = || shared.call_when(counts, || async { Err::<(), _>(Failed::CountsNot) });
        advance(MS * 199).await;
        assert!(matches!(work().await, Err(Failed::Refused(_))), "it still holds its place");
        advance(MS).await;
        assert!(matches!(work().await, Err(Failed::CountsNot)), "its lease has ended");

        end.send(()).unwrap();
        hangs.await.unwrap().unwrap();
        assert_eq!(shared.look().await.unwrap().state, BreakerState::HalfOpen, "it came too late to close it");
        shared.call_when(counts, || async { Ok::<_, Failed>(()) }).await.unwrap();
        assert_eq!(shared.last_seen(), BreakerState::Closed);
    });
}
