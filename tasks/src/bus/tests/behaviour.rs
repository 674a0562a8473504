use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Barrier, Notify, Semaphore};
use tokio::time::sleep;

use super::super::*;
use super::poll_once;

const WAITING: Queue = Queue::waiting(100);

fn words(report: &Report) -> Vec<&'static str> {
    report.answers().iter().map(|answer| answer.said.as_str()).collect()
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u32>>>);

impl Seen {
    fn push(&self, event: u32) {
        self.0.lock().unwrap().push(event);
    }

    fn all(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }
}

/// A handler that waits for a permit, then notes the event.
fn gated(gate: &Arc<Semaphore>, seen: &Seen) -> impl Fn(Arc<u32>) -> futures::Boxed + Send + Sync + 'static {
    let (gate, seen) = (gate.clone(), seen.clone());
    move |event| {
        let (gate, seen) = (gate.clone(), seen.clone());
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            seen.push(*event);
        })
    }
}

mod futures {
    pub(super) type Boxed = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
}

#[tokio::test]
async fn handlers_fail_and_panic_alone_and_the_publisher_is_told() {
    let bus = Bus::new("test");
    let seen = Seen::default();
    bus.subscribe("fails", WAITING, async |_: Arc<u32>| Err("no")).detach();
    bus.subscribe("panics", WAITING, async |event: Arc<u32>| assert_ne!(*event, 1)).detach();
    // Also before it has made a future.
    let early = |event: Arc<u32>| {
        assert_ne!(*event, 1);
        std::future::ready(())
    };
    bus.subscribe("panics early", WAITING, early).detach();
    let noting = seen.clone();
    bus.subscribe("works", WAITING, move |event: Arc<u32>| {
        noting.push(*event);
        std::future::ready(())
    })
    .detach();
    assert_eq!(words(&bus.publish(1_u32).await.unwrap()), ["error", "panicked", "panicked", "ok"]);
    assert_eq!(words(&bus.publish(2_u32).await.unwrap()), ["error", "ok", "ok", "ok"]);
    assert_eq!(seen.all(), [1, 2]);
}

#[tokio::test]
async fn an_event_is_heard_by_its_type_alone() {
    let bus = Bus::new("test");
    let (numbers, texts) = (Seen::default(), Seen::default());
    let open = Arc::new(Semaphore::new(100));
    bus.subscribe("numbers", WAITING, gated(&open, &numbers)).detach();
    let noting = texts.clone();
    let note = move |text: Arc<&'static str>| {
        noting.push(text.len() as u32);
        std::future::ready(())
    };
    bus.subscribe("texts", WAITING, note).detach();
    assert_eq!(bus.publish(7_u32).await.unwrap().answers().len(), 1);
    assert_eq!(bus.publish("four").await.unwrap().answers().len(), 1);
    assert!(bus.publish(7_u64).await.unwrap().answers().is_empty());
    assert_eq!((numbers.all(), texts.all()), (vec![7], vec![4]));
}

#[tokio::test]
async fn different_keys_run_at_once_and_one_key_does_not() {
    let bus = Bus::new("test");
    // Each waits until all three are at work.
    let together = Arc::new(Barrier::new(3));
    let at_work = Arc::new(AtomicUsize::new(0));
    let handler = {
        let (together, at_work) = (together.clone(), at_work.clone());
        move |_: Arc<u32>| {
            let (together, at_work) = (together.clone(), at_work.clone());
            async move {
                assert!(at_work.fetch_add(1, Ordering::SeqCst) < 3);
                together.wait().await;
                at_work.fetch_sub(1, Ordering::SeqCst);
            }
        }
    };
    bus.subscribe("handler", WAITING, handler).detach();
    let mut accepted = Vec::new();
    for round in 0..5_u32 {
        for key in ["a", "b", "c"] {
            accepted.push(bus.publish(round).key(key).accepted().await.unwrap());
        }
    }
    for accepted in accepted {
        assert!(accepted.report().await.all_ok());
    }
}

#[tokio::test]
async fn a_key_keeps_its_order_when_publishers_wait_for_room() {
    let bus = Bus::new("test");
    let (gate, seen) = (Arc::new(Semaphore::new(0)), Seen::default());
    bus.subscribe("handler", Queue::waiting(2), gated(&gate, &seen)).detach();
    let mut publishing: Vec<_> = (0..20_u32).map(|event| bus.publish(event).key("k").accepted()).collect();
    for publish in &mut publishing {
        let _ = poll_once(publish);
    }
    tokio::task::yield_now().await;
    // The last ones are polled first.
    gate.add_permits(20);
    for publish in publishing.into_iter().rev() {
        assert!(publish.await.unwrap().report().await.all_ok());
    }
    assert_eq!(seen.all(), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_queue_waits_or_drops_as_it_was_told() {
    let bus = Bus::new("test");
    let (gate, waits, drops) = (Arc::new(Semaphore::new(0)), Seen::default(), Seen::default());
    bus.subscribe("waits", Queue::waiting(1).concurrency(1), gated(&gate, &waits)).detach();
    bus.subscribe("drops", Queue::dropping(1).concurrency(1), gated(&gate, &drops)).detach();
    let first = bus.publish(1_u32).accepted().await.unwrap();
    tokio::task::yield_now().await; // both have begun with it
    let second = bus.publish(2_u32).accepted().await.unwrap();
    let mut third = bus.publish(3_u32).accepted();
    assert!(poll_once(&mut third).is_pending());
    gate.add_permits(6);
    let third = third.await.unwrap().report().await;
    assert_eq!(words(&third), ["ok", "dropped"]);
    assert!(first.report().await.all_ok() && second.report().await.all_ok());
    assert_eq!((waits.all(), drops.all()), (vec![1, 2, 3], vec![1, 2]));
}

#[tokio::test]
async fn a_publisher_that_goes_away_takes_back_what_waits_for_room_and_nothing_else() {
    let bus = Bus::new("test");
    let (gate, seen) = (Arc::new(Semaphore::new(0)), Seen::default());
    bus.subscribe("handler", Queue::waiting(1).concurrency(1), gated(&gate, &seen)).detach();
    let never = bus.publish(0_u32);
    drop(never);
    let mut publishing: Vec<_> = (1..=5_u32).map(|event| bus.publish(event)).collect();
    assert!(poll_once(&mut publishing[0]).is_pending());
    tokio::task::yield_now().await; // begun with
    for publish in &mut publishing[1..] {
        assert!(poll_once(publish).is_pending());
    }
    // 1 is at work, 2 is queued, 3, 4 and 5 wait for room.
    let last = publishing.pop().unwrap();
    drop(publishing);
    gate.add_permits(5);
    assert!(last.await.unwrap().all_ok());
    assert_eq!(seen.all(), [1, 2, 5]);
}

#[tokio::test]
async fn who_unsubscribes_ends_what_it_has_begun_and_leaves_the_rest() {
    let bus = Bus::new("test");
    let (gate, seen) = (Arc::new(Semaphore::new(0)), Seen::default());
    let subscription = bus.subscribe("handler", Queue::waiting(1).concurrency(1), gated(&gate, &seen));
    let mut begun = bus.publish(1_u32);
    assert!(poll_once(&mut begun).is_pending());
    tokio::task::yield_now().await;
    let (mut queued, mut outside) = (bus.publish(2_u32), bus.publish(3_u32));
    assert!(poll_once(&mut queued).is_pending() && poll_once(&mut outside).is_pending());
    drop(subscription);
    assert_eq!(words(&queued.await.unwrap()), ["gone"]);
    assert_eq!(words(&outside.await.unwrap()), ["gone"]);
    gate.add_permits(3);
    assert_eq!(words(&begun.await.unwrap()), ["ok"]);
    assert_eq!(seen.all(), [1]);
}

#[tokio::test]
async fn who_drains_handles_all_that_was_published_before() {
    let bus = Bus::new("test");
    let (gate, seen) = (Arc::new(Semaphore::new(0)), Seen::default());
    let subscription = bus.subscribe("handler", Queue::waiting(1).concurrency(1), gated(&gate, &seen));
    let mut publishing: Vec<_> = (1..=4_u32).map(|event| bus.publish(event)).collect();
    for publish in &mut publishing {
        assert!(poll_once(publish).is_pending());
    }
    let draining = tokio::spawn(subscription.drain());
    tokio::task::yield_now().await;
    assert!(bus.publish(5_u32).await.unwrap().answers().is_empty());
    gate.add_permits(4);
    draining.await.unwrap();
    assert_eq!(seen.all(), [1, 2, 3, 4]);
    for publish in publishing {
        assert!(publish.await.unwrap().all_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_all_is_done_or_when_the_time_is_over() {
    let bus = Bus::new("test");
    let handler = async |millis: Arc<u64>| sleep(Duration::from_millis(*millis)).await;
    bus.subscribe("sleeps", Queue::waiting(10).concurrency(1), handler).detach();
    let accepted = bus.publish(10_u64).accepted().await.unwrap();
    assert!(bus.stop(Duration::from_secs(1)).await.is_clean());
    assert!(accepted.report().await.all_ok());

    let bus = Bus::new("test");
    bus.subscribe("sleeps", Queue::waiting(1).concurrency(1), handler).detach();
    let (mut running, mut queued, mut outside) = (bus.publish(5_000_u64), bus.publish(2_u64), bus.publish(3_u64));
    assert!(poll_once(&mut running).is_pending());
    tokio::task::yield_now().await;
    assert!(poll_once(&mut queued).is_pending() && poll_once(&mut outside).is_pending());
    let stopped = bus.stop(Duration::from_secs(1)).await;
    let left = stopped.left().first().unwrap();
    assert_eq!((left.handler, left.event, left.running, left.queued), ("sleeps", "u64", 1, 2));
    for publish in [running, queued, outside] {
        assert_eq!(words(&publish.await.unwrap()), ["gone"]);
    }
    assert_eq!(bus.publish(1_u64).await.unwrap_err(), NotPublished::Stopped);
    let late = bus.subscribe("late", WAITING, handler);
    assert_eq!(bus.publish(1_u64).await.unwrap_err(), NotPublished::Stopped);
    drop(late);
    assert!(bus.stop(Duration::ZERO).await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_a_handler_that_has_unsubscribed_while_it_worked() {
    let bus = Bus::new("test");
    let seen = Seen::default();
    let noting = seen.clone();
    let handler = move |event: Arc<u32>| {
        let noting = noting.clone();
        async move {
            sleep(Duration::from_millis(10)).await;
            noting.push(*event);
        }
    };
    let subscription = bus.subscribe("sleeps", WAITING, handler);
    let _accepted = bus.publish(1_u32).accepted().await.unwrap();
    tokio::task::yield_now().await;
    drop(subscription);
    assert!(bus.stop(Duration::from_secs(1)).await.is_clean());
    assert_eq!(seen.all(), [1]);
}

#[tokio::test]
async fn a_handler_that_publishes_while_the_bus_stops_is_told() {
    let bus = Bus::new("test");
    let go = Arc::new(Notify::new());
    let handler = {
        let (bus, go) = (bus.clone(), go.clone());
        move |_: Arc<u32>| {
            let (bus, go) = (bus.clone(), go.clone());
            async move {
                go.notified().await;
                bus.publish("more").await.map(drop)
            }
        }
    };
    bus.subscribe("chained", WAITING, handler).detach();
    let accepted = bus.publish(1_u32).accepted().await.unwrap();
    let mut stopping = Box::pin(bus.stop(Duration::from_secs(5)));
    assert!(poll_once(&mut stopping).is_pending());
    go.notify_one();
    assert!(stopping.await.is_clean());
    let report = accepted.report().await;
    assert_eq!(report.answers()[0].said.error().unwrap().downcast_ref(), Some(&NotPublished::Stopped));
}

#[tokio::test]
async fn what_a_handler_publishes_inherits_the_correlation_id() {
    let bus = Bus::new("test");
    let ids: Arc<Mutex<Vec<Option<CorrelationId>>>> = Arc::default();
    let outer = {
        let bus = bus.clone();
        move |event: Arc<u32>| {
            let bus = bus.clone();
            async move {
                let publish = bus.publish("inner");
                let publish = if *event == 2 { publish.correlation_id("its own") } else { publish };
                publish.await.map(drop)
            }
        }
    };
    let noted = ids.clone();
    let inner = move |_: Arc<&'static str>| {
        let noted = noted.clone();
        async move { noted.lock().unwrap().push(correlation_id()) }
    };
    bus.subscribe("outer", WAITING, outer).detach();
    bus.subscribe("inner", WAITING, inner).detach();
    for event in [1_u32, 2] {
        assert!(bus.publish(event).correlation_id("given").await.unwrap().all_ok());
    }
    assert!(bus.publish(1_u32).await.unwrap().all_ok());
    let expected = [Some("given".into()), Some("its own".into()), None];
    assert_eq!(*ids.lock().unwrap(), expected);
    assert_eq!(correlation_id(), None);
}

#[tokio::test]
async fn middleware_stands_around_each_delivery_in_the_order_it_was_put() {
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let noting = |name: &'static str| {
        let order = order.clone();
        move |delivery: Delivery, next: Next| {
            let order = order.clone();
            order.lock().unwrap().push(format!("{name} before {}", delivery.handler()));
            async move {
                let said = next.await;
                order.lock().unwrap().push(format!("{name} after {}", said.as_str()));
                said
            }
        }
    };
    let refuse = async |delivery: Delivery, next: Next| match delivery.key() {
        Some(key) if key.as_str() == "blocked" => Said::refused("blocked"),
        Some(key) if key.as_str() == "boom" => panic!("in the middleware"),
        _ => next.await,
    };
    let bus = Bus::builder("test").middleware(noting("outer")).middleware(refuse).middleware(noting("inner")).build();
    bus.subscribe("panics", WAITING, async |event: Arc<u32>| assert_eq!(*event, 0)).detach();
    assert_eq!(words(&bus.publish(1_u32).await.unwrap()), ["panicked"]);
    let expected = ["outer before panics", "inner before panics", "inner after panicked", "outer after panicked"];
    assert_eq!(std::mem::take(&mut *order.lock().unwrap()), expected);
    assert_eq!(words(&bus.publish(0_u32).key("blocked").await.unwrap()), ["refused"]);
    assert_eq!(*order.lock().unwrap(), ["outer before panics", "outer after refused"]);
    assert_eq!(words(&bus.publish(0_u32).key("boom").await.unwrap()), ["panicked"]);
    assert_eq!(words(&bus.publish(0_u32).await.unwrap()), ["ok"]);
}

#[test]
fn a_runtime_that_ends_leaves_nobody_waiting() {
    let bus = Bus::new("test");
    let seen = Seen::default();
    let noting = seen.clone();
    let handler = move |event: Arc<u32>| {
        let noting = noting.clone();
        async move {
            if *event == 0 {
                std::future::pending::<()>().await;
            }
            noting.push(*event);
        }
    };
    bus.subscribe("handler", Queue::waiting(10).concurrency(1), handler).detach();
    let first = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (stuck, queued) = first.block_on(async {
        let stuck = bus.publish(0_u32).key("k").accepted().await.unwrap();
        let queued = bus.publish(1_u32).key("k").accepted().await.unwrap();
        tokio::task::yield_now().await;
        (stuck, queued)
    });
    drop(first);
    // Another runtime goes on where the first one ended.
    let second = tokio::runtime::Builder::new_current_thread().build().unwrap();
    second.block_on(async {
        assert_eq!(words(&stuck.report().await), ["gone"]);
        assert!(bus.publish(2_u32).key("k").await.unwrap().all_ok());
        assert!(queued.report().await.all_ok());
    });
    assert_eq!(seen.all(), [1, 2]);
}

#[tokio::test]
async fn a_bus_that_nobody_holds_handles_what_was_published() {
    let bus = Bus::new("test");
    let (gate, seen) = (Arc::new(Semaphore::new(0)), Seen::default());
    bus.subscribe("handler", Queue::waiting(10).concurrency(2), gated(&gate, &seen)).detach();
    let mut accepted = Vec::new();
    for event in 0..5_u32 {
        accepted.push(bus.publish(event).key("one").accepted().await.unwrap());
    }
    drop(bus);
    gate.add_permits(5);
    for accepted in accepted {
        assert!(accepted.report().await.all_ok());
    }
    assert_eq!(seen.all(), [0, 1, 2, 3, 4]);
}

/// Nothing of an event is kept after its end.
#[tokio::test]
async fn what_was_handled_leaves_nothing_behind() {
    let bus = Bus::new("test");
    let subscription = bus.subscribe("handler", Queue::waiting(8).concurrency(2), async |_: Arc<Arc<()>>| {});
    let held = Arc::new(());
    for event in 0..10_000_u64 {
        let publish = bus.publish(held.clone()).key(event % 100);
        match event % 3 {
            0 => assert!(publish.await.unwrap().all_ok()),
            1 => drop(publish.accepted().await.unwrap()),
            _ => drop(publish),
        }
    }
    subscription.drain().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn outside_a_runtime_nothing_is_published() {
    let bus = Bus::new("test");
    bus.subscribe("handler", WAITING, async |_: Arc<u32>| {}).detach();
    let std::task::Poll::Ready(Err(error)) = poll_once(&mut bus.publish(1_u32)) else { panic!() };
    assert_eq!(error, NotPublished::NoRuntime);
}

#[tokio::test]
async fn nothing_secret_is_in_debug() {
    let bus = Bus::new("test");
    let subscription = bus.subscribe("handler", WAITING, async |_: Arc<&'static str>| {});
    let publish = bus.publish("4111111111111111").key("4111111111111111");
    let shown = format!("{bus:?} {subscription:?} {publish:?}");
    let accepted = publish.accepted().await.unwrap();
    let shown = format!("{shown} {accepted:?}");
    assert!(!shown.contains("4111"), "{shown}");
    assert!(accepted.report().await.all_ok());
}
