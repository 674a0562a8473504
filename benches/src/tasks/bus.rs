//! An event bus, beside tokio's channel with plain tasks.
//!
//! Every subject hands an event to handlers that are ready at once, and the publisher learns what they
//! said: the floor by a oneshot that travels with the event. It publishes a hundred, then asks for a hundred
//! answers; or one after the other. On the bus handlers run at once and panic alone, and so they do on the
//! floor, which gives each event a task. What a task costs that handles one event after the other, and
//! ends with the first that panics, is printed, too. Both run on one thread, where the cost of an item is all
//! that there is to see, and on two. Rounds alternate, and the median of their ratios counts.

use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use allocation_counter::measure as allocated;
use steadfast_tasks::bus::{Accepted, Bus, Queue};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::target::Target;

const ROUNDS: usize = 15;
const EVENTS: u64 = 100_000;
const AT_ONCE: u64 = 100;
const CAPACITY: usize = 1_000;
const MILLION: u64 = 1_000_000;

pub fn measure() -> Vec<Target> {
    println!("\n{:<44} {:>9} {:>9} {:>9}", "bus, ns for one event", "mpsc", "bus", "of floor");
    let (one, two) = (runtime(1), runtime(2));
    let plain = || bus(AT_ONCE, Keys::None);
    let mut targets = vec![
        compare("a hundred at once", &one, || tasks(AT_ONCE), plain, Some(1.5)),
        compare("a hundred at once, two threads", &two, || tasks(AT_ONCE), plain, Some(1.5)),
        compare("one by one", &one, || tasks(1), || bus(1, Keys::None), Some(1.5)),
        compare("one by one, two threads", &two, || tasks(1), || bus(1, Keys::None), None),
        compare("three handlers", &one, || three_channels(AT_ONCE), || three_handlers(AT_ONCE), Some(1.5)),
        compare("ten keys (the floor has none)", &one, || tasks(AT_ONCE), || bus(AT_ONCE, Keys::Ten), None),
        compare("one task for all events", &one, || mpsc(AT_ONCE), plain, None),
        compare("one task for all events, two threads", &two, || mpsc(AT_ONCE), plain, None),
        compare("one task for all events, one by one", &one, || mpsc(1), || bus(1, Keys::None), None),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    targets.push(ten_million(&one));
    targets
}

fn runtime(threads: usize) -> Runtime {
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_time().build().expect("a runtime")
}

/// Prints what both cost, and holds their ratio against a limit where there is one.
fn compare<F, B>(
    what: &str,
    runtime: &Runtime,
    floor: impl Fn() -> F,
    ours: impl Fn() -> B,
    limit: Option<f64>,
) -> Option<Target>
where
    F: Future<Output = u64> + Send + 'static,
    B: Future<Output = u64> + Send + 'static,
{
    let (mut floors, mut buses, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (floor, bus) = (nanos(runtime, floor()), nanos(runtime, ours()));
        floors.push(floor);
        buses.push(bus);
        ratios.push(bus / floor);
    }
    let ratio = median(ratios);
    println!("{what:<44} {:>9.0} {:>9.0} {ratio:>9.2}", median(floors), median(buses));
    limit.map(|may_be| Target { what: format!("bus, {what}, of mpsc and tasks"), is: ratio, may_be })
}

fn nanos<F: Future<Output = u64> + Send + 'static>(runtime: &Runtime, events: F) -> f64 {
    let start = Instant::now();
    let handled = runtime.block_on(async { tokio::spawn(events).await.expect("no panic") });
    let took = start.elapsed();
    assert_eq!(handled, EVENTS);
    took.as_nanos() as f64 / EVENTS as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

struct Event(u64);

type Answered = (Event, oneshot::Sender<Result<(), String>>);

async fn handle(event: &Event) -> Result<(), String> {
    black_box(event.0);
    Ok(())
}

/// A channel, and one task at its end.
fn channel() -> mpsc::Sender<Answered> {
    let (sender, mut events) = mpsc::channel::<Answered>(CAPACITY);
    tokio::spawn(async move {
        while let Some((event, answer)) = events.recv().await {
            let _ = answer.send(handle(&event).await);
        }
    });
    sender
}

async fn mpsc(at_once: u64) -> u64 {
    answered(channel(), at_once).await
}

/// A channel, and a task for each event: handlers run at once and panic alone, as on the bus.
async fn tasks(at_once: u64) -> u64 {
    let (sender, mut events) = mpsc::channel::<Answered>(CAPACITY);
    tokio::spawn(async move {
        while let Some((event, answer)) = events.recv().await {
            tokio::spawn(async move { answer.send(handle(&event).await) });
        }
    });
    answered(sender, at_once).await
}

async fn answered(sender: mpsc::Sender<Answered>, at_once: u64) -> u64 {
    let mut ok = 0;
    let mut waiting = Vec::new();
    for batch in 0..EVENTS / at_once {
        for event in 0..at_once {
            let (answer, answered) = oneshot::channel();
            sender.send((Event(batch + event), answer)).await.expect("a receiver");
            waiting.push(answered);
        }
        for answered in waiting.drain(..) {
            ok += u64::from(matches!(answered.await, Ok(Ok(()))));
        }
    }
    ok
}

#[derive(Clone, Copy)]
enum Keys {
    None,
    Ten,
}

async fn bus(at_once: u64, keys: Keys) -> u64 {
    let bus = Bus::new("bench");
    let _handler = bus.subscribe("handler", Queue::waiting(CAPACITY), async |event: Arc<Event>| handle(&event).await);
    published(&bus, EVENTS, at_once, keys).await
}

async fn published(bus: &Bus, events: u64, at_once: u64, keys: Keys) -> u64 {
    let mut ok = 0;
    let mut waiting: Vec<Accepted> = Vec::new();
    for batch in 0..events / at_once {
        for event in 0..at_once {
            let publish = bus.publish(Event(batch + event));
            let publish = match keys {
                Keys::None => publish,
                Keys::Ten => publish.key(event % 10),
            };
            waiting.push(publish.accepted().await.expect("a bus"));
        }
        for accepted in waiting.drain(..) {
            ok += u64::from(accepted.report().await.all_ok());
        }
    }
    ok
}

/// Three channels of shared events, each with its own tasks and its own answers.
async fn three_channels(at_once: u64) -> u64 {
    let senders: [_; 3] = std::array::from_fn(|_| {
        let (sender, mut events) = mpsc::channel::<(Arc<Event>, oneshot::Sender<Result<(), String>>)>(CAPACITY);
        tokio::spawn(async move {
            while let Some((event, answer)) = events.recv().await {
                tokio::spawn(async move { answer.send(handle(&event).await) });
            }
        });
        sender
    });
    let mut ok = 0;
    let mut waiting = Vec::new();
    for batch in 0..EVENTS / at_once {
        for event in 0..at_once {
            let event = Arc::new(Event(batch + event));
            for sender in &senders {
                let (answer, answered) = oneshot::channel();
                sender.send((event.clone(), answer)).await.expect("a receiver");
                waiting.push(answered);
            }
        }
        for answered in waiting.drain(..) {
            ok += u64::from(matches!(answered.await, Ok(Ok(()))));
        }
    }
    ok / 3
}

async fn three_handlers(at_once: u64) -> u64 {
    let bus = Bus::new("bench");
    for name in ["first", "second", "third"] {
        bus.subscribe(name, Queue::waiting(CAPACITY), async |event: Arc<Event>| handle(&event).await).detach();
    }
    published(&bus, EVENTS, at_once, Keys::None).await
}

/// Bytes that ten million events leave behind, after a first hundred thousand that fill what is kept.
fn ten_million(runtime: &Runtime) -> Target {
    let bus = Bus::new("bench");
    let _handler = {
        let _inside = runtime.enter();
        bus.subscribe("handler", Queue::waiting(CAPACITY), async |event: Arc<Event>| handle(&event).await)
    };
    let run = |events| runtime.block_on(published(&bus, events, AT_ONCE, Keys::Ten));
    assert_eq!(run(EVENTS), EVENTS);
    let start = Instant::now();
    let grown = allocated(|| assert_eq!(run(10 * MILLION), 10 * MILLION));
    let took: Duration = start.elapsed();
    println!("ten million events of ten keys: {took:.1?}, {} bytes more than before", grown.bytes_current);
    Target { what: "bus, bytes kept after ten million events".to_owned(), is: grown.bytes_current as f64, may_be: 0.0 }
}
