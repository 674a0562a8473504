//! Random publishers, handlers, drops, unsubscribes and stops, against what must hold for each event and handler.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use super::super::*;

#[derive(Clone, Copy, Debug)]
struct Event {
    id: usize,
    key: Option<u64>,
    work: Work,
    /// How long its publisher waits for the report, in milliseconds.
    patience: u64,
    /// How long the publisher before it waits, before this one is published.
    pause: u64,
}

#[derive(Clone, Copy, Debug)]
enum Work {
    Ready,
    Sleep(u64),
    Fail,
    Panic,
}

#[derive(Clone, Copy, Debug)]
struct Handler {
    capacity: usize,
    concurrency: usize,
    drops: bool,
    /// When it unsubscribes.
    until: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    stop_after: u64,
    stop_within: u64,
}

/// What a handler has seen.
#[derive(Default)]
struct Log {
    begun: Vec<usize>,
    ended: Vec<usize>,
    at_work: HashMap<u64, usize>,
}

type Logs = Arc<Vec<Mutex<Log>>>;

/// Notes that an event is not at work any more, also when it is dropped or panics.
struct AtWork<'a>(&'a Mutex<Log>, Option<u64>);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.1 {
            self.0.lock().unwrap().at_work.remove(&key);
        }
    }
}

async fn handle(log: &Mutex<Log>, event: Event) -> Result<(), &'static str> {
    {
        let mut log = log.lock().unwrap();
        log.begun.push(event.id);
        if let Some(key) = event.key {
            let other = log.at_work.insert(key, event.id);
            drop(log);
            assert_eq!(other, None, "two events of one key at work");
        }
    }
    let _at_work = AtWork(log, event.key);
    match event.work {
        Work::Ready => {}
        Work::Sleep(millis) => sleep(Duration::from_millis(millis)).await,
        Work::Fail => return Err("failed"),
        Work::Panic => std::panic::panic_any("as it was told"),
    }
    log.lock().unwrap().ended.push(event.id);
    Ok(())
}

/// What the publishers were told: for each event that got a report, what each handler said to it, by name.
type Told = HashMap<usize, HashMap<&'static str, &'static str>>;

const NAMES: [&str; 3] = ["first", "second", "third"];

async fn run(events: Vec<Event>, handlers: Vec<Handler>, plan: Plan) -> (Logs, Told, Stopped) {
    let bus = Bus::new("storm");
    let logs: Logs = Arc::new(handlers.iter().map(|_| Mutex::default()).collect());
    for (at, handler) in handlers.iter().enumerate() {
        let Handler { capacity, concurrency, drops, until } = *handler;
        let queue = if drops { Queue::dropping(capacity) } else { Queue::waiting(capacity) };
        let logs = logs.clone();
        let subscription = bus.subscribe(NAMES[at], queue.concurrency(concurrency), move |event: Arc<Event>| {
            let logs = logs.clone();
            async move { handle(&logs[at], *event).await }
        });
        match until {
            None => subscription.detach(),
            Some(millis) => drop(tokio::spawn(async move {
                sleep(Duration::from_millis(millis)).await;
                drop(subscription);
            })),
        }
    }
    let told: Arc<Mutex<Told>> = Arc::default();
    let publishing = {
        let (bus, told) = (bus.clone(), told.clone());
        tokio::spawn(async move {
            let mut publishers = tokio::task::JoinSet::new();
            for event in events {
                sleep(Duration::from_millis(event.pause)).await;
                let publish = bus.publish(event);
                let mut publish = match event.key {
                    Some(key) => publish.key(key),
                    None => publish,
                };
                // This is the moment in which it is published.
                let first = super::poll_once(&mut publish);
                let told = told.clone();
                publishers.spawn(async move {
                    let report = match first {
                        std::task::Poll::Ready(report) => Ok(report),
                        std::task::Poll::Pending => timeout(Duration::from_millis(event.patience), publish).await,
                    };
                    if let Ok(Ok(report)) = report {
                        let said = report.answers().iter().map(|answer| (answer.handler, answer.said.as_str()));
                        told.lock().unwrap().insert(event.id, said.collect());
                    }
                });
            }
            publishers.join_all().await;
        })
    };
    sleep(Duration::from_millis(plan.stop_after)).await;
    let stopped = bus.stop(Duration::from_millis(plan.stop_within)).await;
    publishing.await.unwrap();
    // Handlers that were cut off are gone by now.
    tokio::task::yield_now().await;
    let told = std::mem::take(&mut *told.lock().unwrap());
    (logs, told, stopped)
}

fn check(events: &[Event], handlers: &[Handler], (logs, told, stopped): (Logs, Told, Stopped)) {
    for (at, handler) in handlers.iter().enumerate() {
        let log = logs[at].lock().unwrap();
        let mut once = log.begun.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), log.begun.len(), "delivered twice to {at}: {:?}", log.begun);
        for key in 0..3 {
            let of_key: Vec<_> = log.begun.iter().filter(|&&id| events[id].key == Some(key)).collect();
            assert!(of_key.is_sorted(), "key {key} out of order at {at}: {of_key:?}");
        }
        for (id, said) in &told {
            let Some(said) = said.get(NAMES[at]) else {
                assert!(handler.until.is_some(), "{id} passed {at} by");
                continue;
            };
            let (begun, ended) = (log.begun.contains(id), log.ended.contains(id));
            let expected = match events[*id].work {
                Work::Fail => "error",
                Work::Panic => "panicked",
                Work::Ready | Work::Sleep(_) => "ok",
            };
            match *said {
                "dropped" => assert!(handler.drops && !begun),
                "gone" => assert!(!ended && (handler.until.is_some() || !stopped.is_clean())),
                said => assert!(begun && said == expected, "{id} at {at} said {said}"),
            }
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let work = prop_oneof![
        2 => Just(Work::Ready),
        4 => (0..30_u64).prop_map(Work::Sleep),
        1 => Just(Work::Fail),
        1 => Just(Work::Panic),
    ];
    let patience = prop_oneof![2 => Just(10_000_u64), 1 => 0..40_u64];
    (proptest::option::weighted(0.7, 0..3_u64), work, patience, 0..4_u64)
        .prop_map(|(key, work, patience, pause)| Event { id: 0, key, work, patience, pause })
}

fn handler() -> impl Strategy<Value = Handler> {
    (1..5_usize, 1..4_usize, any::<bool>(), proptest::option::weighted(0.3, 0..150_u64))
        .prop_map(|(capacity, concurrency, drops, until)| Handler { capacity, concurrency, drops, until })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_event_is_lost_or_delivered_twice(
        mut events in proptest::collection::vec(event(), 1..60),
        handlers in proptest::collection::vec(handler(), 1..=3),
        stop_after in 0..400_u64,
        stop_within in prop_oneof![Just(100_000_u64), 0..50_u64],
    ) {
        for (id, event) in events.iter_mut().enumerate() {
            event.id = id;
        }
        let plan = Plan { stop_after, stop_within };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome = silent(|| runtime.block_on(run(events.clone(), handlers.clone(), plan)));
        check(&events, &handlers, outcome);
    }
}

/// Panics that a handler was told to make are not reported.
fn silent<T>(run: impl FnOnce() -> T) -> T {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref() != Some(&"as it was told") {
                before(panic);
            }
        }));
    });
    run()
}

/// The same on real threads: every event once, and each key in its order.
#[test]
fn on_many_threads_every_event_is_handled_once_and_in_its_keys_order() {
    const EVENTS: u64 = 3_000;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let bus = Bus::new("threads");
        let seen: Arc<Mutex<HashMap<u64, Vec<u64>>>> = Arc::default();
        let handler = {
            let seen = seen.clone();
            move |event: Arc<(u64, u64)>| {
                let seen = seen.clone();
                async move {
                    if event.1.is_multiple_of(7) {
                        tokio::task::yield_now().await;
                    }
                    seen.lock().unwrap().entry(event.0).or_default().push(event.1);
                }
            }
        };
        bus.subscribe("notes", Queue::waiting(8).concurrency(3), handler).detach();
        let mut publishers = tokio::task::JoinSet::new();
        for key in 0..4_u64 {
            let bus = bus.clone();
            publishers.spawn(async move {
                let mut reports = Vec::new();
                for event in 0..EVENTS {
                    reports.push(bus.publish((key, event)).key(key).accepted().await.unwrap());
                    if reports.len() > 20 {
                        assert!(reports.remove(0).report().await.all_ok());
                    }
                }
            });
        }
        publishers.join_all().await;
        assert!(bus.stop(Duration::from_secs(600)).await.is_clean());
        let seen = seen.lock().unwrap();
        for key in 0..4 {
            assert!(seen[&key].iter().copied().eq(0..EVENTS), "key {key}");
        }
    });
}
