//! Random publishers, handlers, drops, panics, unsubscribes and stops, against what must hold for each event and
//! handler: with time that stands still, and on several threads.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use super::super::*;

#[derive(Clone, Copy, Debug)]
struct Event {
    id: usize,
    key: Option<u64>,
    work: Work,
    publisher: Publisher,
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

/// What the publisher does that was not told at once.
#[derive(Clone, Copy, Debug)]
enum Publisher {
    /// It waits for the report.
    Waits,
    /// It waits until the event is in, and goes.
    SeesItIn,
    /// It goes after so many milliseconds, whatever was said.
    Leaves(u64),
}

#[derive(Clone, Copy, Debug)]
struct Handler {
    capacity: usize,
    concurrency: usize,
    drops: bool,
    leaves: Leaves,
}

/// After so many milliseconds.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    Never,
    Unsubscribes(u64),
    Drains(u64),
}

impl Leaves {
    fn map(self, millis: impl Fn(u64) -> u64) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::Unsubscribes(after) => Self::Unsubscribes(millis(after)),
            Self::Drains(after) => Self::Drains(millis(after)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Whether a stop or a drain can meet an event on its way to a line, which is then `Gone`.
    threads: bool,
    stop_after: u64,
    stop_within: u64,
}

/// What a handler has seen.
#[derive(Default)]
struct Log {
    begun: Vec<usize>,
    ended: BTreeSet<usize>,
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
    if let Work::Sleep(millis) = event.work {
        sleep(Duration::from_millis(millis)).await;
    }
    log.lock().unwrap().ended.insert(event.id);
    match event.work {
        Work::Ready | Work::Sleep(_) => Ok(()),
        Work::Fail => Err("failed"),
        Work::Panic => std::panic::panic_any("as it was told"),
    }
}

/// What a publisher was told.
#[derive(Debug)]
enum Told {
    /// What each handler said, by its name.
    Report(HashMap<&'static str, &'static str>),
    In,
    NotPublished,
    /// It did not wait for it.
    Nothing,
}

impl Told {
    fn of(report: Result<Report, NotPublished>) -> Self {
        let Ok(report) = report else { return Self::NotPublished };
        Self::Report(report.answers().iter().map(|answer| (answer.handler, answer.said.as_str())).collect())
    }
}

impl Publisher {
    /// The rest of a publisher's life, after its event was published.
    async fn live(self, mut publish: Publish<Event>) -> Told {
        // Long after all that a handler does: who is still not told was forgotten.
        let forgotten = Duration::from_secs(60);
        match self {
            Self::Waits => Told::of(timeout(forgotten, publish).await.expect("nobody has told the publisher")),
            Self::SeesItIn => match timeout(forgotten, publish.accepted()).await.expect("it never came in") {
                Ok(_) => Told::In,
                Err(_) => Told::NotPublished,
            },
            Self::Leaves(millis) => {
                timeout(Duration::from_millis(millis), &mut publish).await.map_or(Told::Nothing, Told::of)
            }
        }
    }
}

/// Milliseconds in which all is done that is ever begun.
const PATIENT: u64 = 600_000;

const NAMES: [&str; 3] = ["first", "second", "third"];

fn subscribe(bus: &Bus, handlers: &[Handler]) -> Logs {
    let logs: Logs = Arc::new(handlers.iter().map(|_| Mutex::default()).collect());
    for (at, handler) in handlers.iter().enumerate() {
        let Handler { capacity, concurrency, drops, leaves } = *handler;
        let queue = if drops { Queue::dropping(capacity) } else { Queue::waiting(capacity) };
        let logs = logs.clone();
        let subscription = bus.subscribe(NAMES[at], queue.concurrency(concurrency), move |event: Arc<Event>| {
            let logs = logs.clone();
            async move { handle(&logs[at], *event).await }
        });
        match leaves {
            Leaves::Never => subscription.detach(),
            Leaves::Unsubscribes(millis) => drop(tokio::spawn(async move {
                sleep(Duration::from_millis(millis)).await;
                drop(subscription);
            })),
            Leaves::Drains(millis) => drop(tokio::spawn(async move {
                sleep(Duration::from_millis(millis)).await;
                subscription.drain().await;
            })),
        }
    }
    logs
}

/// What each publisher was told, by the event.
async fn publish(bus: Bus, events: Vec<Event>) -> HashMap<usize, Told> {
    let mut publishers = tokio::task::JoinSet::new();
    for event in events {
        if event.pause > 0 {
            sleep(Duration::from_millis(event.pause)).await;
        }
        let publish = bus.publish(event);
        let mut publish = match event.key {
            Some(key) => publish.key(key),
            None => publish,
        };
        // This is the moment in which it is published.
        let first = super::poll_once(&mut publish);
        publishers.spawn(async move {
            let told = match first {
                Poll::Ready(report) => Told::of(report),
                Poll::Pending => event.publisher.live(publish).await,
            };
            (event.id, told)
        });
    }
    publishers.join_all().await.into_iter().collect()
}

type Outcome = (Logs, HashMap<usize, Told>, Stopped);

async fn run(events: Vec<Event>, handlers: Vec<Handler>, plan: Plan) -> Outcome {
    let bus = Bus::new("storm");
    let logs = subscribe(&bus, &handlers);
    let publishing = tokio::spawn(publish(bus.clone(), events));
    sleep(Duration::from_millis(plan.stop_after)).await;
    let stopped = bus.stop(Duration::from_millis(plan.stop_within)).await;
    (logs, publishing.await.unwrap(), stopped)
}

fn check(events: &[Event], handlers: &[Handler], plan: Plan, (logs, told, stopped): Outcome) {
    assert!(plan.stop_within < PATIENT || stopped.is_clean(), "nobody works on what is left: {stopped:?}");
    assert_eq!(told.len(), events.len());
    for (at, handler) in handlers.iter().enumerate() {
        let log = logs[at].lock().unwrap();
        let begun: BTreeSet<usize> = log.begun.iter().copied().collect();
        assert_eq!(begun.len(), log.begun.len(), "delivered twice to {at}: {:?}", log.begun);
        for key in 0..3 {
            let of_key: Vec<_> = log.begun.iter().filter(|&&id| events[id].key == Some(key)).collect();
            assert!(of_key.is_sorted(), "key {key} out of order at {at}: {of_key:?}");
        }
        if stopped.is_clean() {
            assert_eq!(begun, log.ended, "{at} was cut off, and nobody was told");
        }
        for (&id, told) in &told {
            let (begun, ended) = (begun.contains(&id), log.ended.contains(&id));
            match told {
                Told::NotPublished => assert!(!begun, "{id} came to {at}, though it was not published"),
                // A queue that drops may have had no room for it, and this publisher did not ask.
                Told::In
                    if !plan.threads
                        && stopped.is_clean()
                        && matches!(handler.leaves, Leaves::Never)
                        && !handler.drops =>
                {
                    assert!(ended, "{id} was in, and {at} lost it");
                }
                Told::In | Told::Nothing => {}
                Told::Report(said) => {
                    let Some(said) = said.get(NAMES[at]) else {
                        assert!(!matches!(handler.leaves, Leaves::Never) && !begun, "{id} passed {at} by");
                        continue;
                    };
                    let expected = match events[id].work {
                        Work::Fail => "error",
                        Work::Panic => "panicked",
                        Work::Ready | Work::Sleep(_) => "ok",
                    };
                    match *said {
                        "dropped" => assert!(handler.drops && !begun),
                        "gone" => {
                            let met = plan.threads && !begun;
                            let unheard =
                                met || matches!(handler.leaves, Leaves::Unsubscribes(_)) || !stopped.is_clean();
                            assert!(unheard && !ended, "{id} was in, and {at} lost it");
                        }
                        said => assert!(ended && said == expected, "{id} at {at} said {said}"),
                    }
                }
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
    let publisher = prop_oneof![
        2 => Just(Publisher::Waits),
        1 => Just(Publisher::SeesItIn),
        1 => (0..40_u64).prop_map(Publisher::Leaves),
    ];
    (proptest::option::weighted(0.7, 0..3_u64), work, publisher, 0..4_u64)
        .prop_map(|(key, work, publisher, pause)| Event { id: 0, key, work, publisher, pause })
}

fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(event(), 1..most).prop_map(|mut events| {
        events.iter_mut().enumerate().for_each(|(id, event)| event.id = id);
        events
    })
}

fn handler() -> impl Strategy<Value = Handler> {
    let leaves = prop_oneof![
        3 => Just(Leaves::Never),
        1 => (0..150_u64).prop_map(Leaves::Unsubscribes),
        1 => (0..150_u64).prop_map(Leaves::Drains),
    ];
    (1..5_usize, 1..4_usize, any::<bool>(), leaves).prop_map(|(capacity, concurrency, drops, leaves)| Handler {
        capacity,
        concurrency,
        drops,
        leaves,
    })
}

fn handlers() -> impl Strategy<Value = Vec<Handler>> {
    proptest::collection::vec(handler(), 1..=3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_event_is_lost_or_delivered_twice(
        events in events(60),
        handlers in handlers(),
        stop_after in 0..400_u64,
        stop_within in prop_oneof![Just(PATIENT), 0..50_u64],
    ) {
        let plan = Plan { threads: false, stop_after, stop_within };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome = silent(|| runtime.block_on(run(events.clone(), handlers.clone(), plan)));
        check(&events, &handlers, plan, outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 0, ..ProptestConfig::default() })]

    /// In real time, most of it in a few milliseconds: what meets is not planned.
    #[test]
    fn no_event_is_lost_or_delivered_twice_on_several_threads(
        mut events in events(200),
        mut handlers in handlers(),
        stop_after in 0..6_u64,
        stop_within in prop_oneof![Just(PATIENT), 0..3_u64],
    ) {
        for event in &mut events {
            event.pause /= 3;
            if let Work::Sleep(millis) = &mut event.work {
                *millis /= 10;
            }
            if let Publisher::Leaves(millis) = &mut event.publisher {
                *millis /= 10;
            }
        }
        for handler in &mut handlers {
            handler.leaves = handler.leaves.map(|millis| millis / 30);
        }
        let plan = Plan { threads: true, stop_after, stop_within };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
        let outcome = silent(|| runtime.block_on(run(events.clone(), handlers.clone(), plan)));
        check(&events, &handlers, plan, outcome);
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
