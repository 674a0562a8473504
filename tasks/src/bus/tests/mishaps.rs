//! Code of a user's that misbehaves where nobody expects it.

use std::fmt;
use std::panic::panic_any;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::super::*;
use super::poll_once;

/// Panics once more when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // Two panics at once would end the process.
        if !std::thread::panicking() {
            panic!("dropped");
        }
    }
}

/// A future that panics, and again when it is dropped.
struct Twice {
    _bomb: Bomb,
}

impl Future for Twice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("polled")
    }
}

async fn said(bus: &Bus, event: u32) -> &'static str {
    bus.publish(event).await.unwrap().answers()[0].said.as_str()
}

#[tokio::test]
async fn a_panic_is_said_whatever_it_leaves_behind() {
    let bus = Bus::new("test");
    let payload = bus.subscribe("payload", Queue::waiting(10), async |_: Arc<u32>| -> () { panic_any(Bomb) });
    assert_eq!([said(&bus, 1).await, said(&bus, 2).await], ["panicked", "panicked"]);
    drop(payload);
    bus.subscribe("future", Queue::waiting(10), |_: Arc<u32>| Twice { _bomb: Bomb }).detach();
    assert_eq!([said(&bus, 1).await, said(&bus, 2).await], ["panicked", "panicked"]);
}

#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("asked")
    }
}

impl std::error::Error for Unspeakable {}

#[tokio::test]
async fn an_error_that_panics_when_it_is_logged_is_still_told() {
    let bus = Bus::new("test");
    bus.subscribe("mail", Queue::waiting(10), async |_: Arc<u32>| Err(Unspeakable)).detach();
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry());
    assert_eq!([said(&bus, 1).await, said(&bus, 2).await], ["error", "error"]);
}

/// Who waits for room, and goes as soon as there is some.
struct Goes(Mutex<Option<Publish<u32>>>);

impl Wake for Goes {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

#[test]
fn nobody_is_woken_under_the_lock() {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let bus = Bus::new("test");
            bus.subscribe("mail", Queue::waiting(1).concurrency(1), async |_: Arc<u32>| {}).detach();
            let mut first = bus.publish(1_u32);
            assert!(poll_once(&mut first).is_pending());
            let goes = Arc::new(Goes(Mutex::new(None)));
            let mut second = bus.publish(2_u32);
            let waker = Waker::from(goes.clone());
            assert!(Pin::new(&mut second).poll(&mut Context::from_waker(&waker)).is_pending());
            *goes.0.lock().unwrap() = Some(second);
            assert!(first.await.unwrap().all_ok());
            assert!(goes.0.lock().unwrap().is_none(), "it was never woken");
        });
        let _ = done.send(());
    });
    // Only a deadlock takes so long.
    ended.recv_timeout(Duration::from_secs(60)).expect("a waker that comes back to the bus blocks it");
}

/// A log that puts what it hears on the bus it hears of.
struct Forwards(Bus);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Forwards {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.0.subscribe("late", Queue::waiting(1), async |_: Arc<u32>| {}).detach();
    }
}

#[test]
fn nobody_is_told_under_the_buss_lock() {
    use tracing_subscriber::prelude::*;

    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let bus = Bus::new("test");
            bus.subscribe("mail", Queue::dropping(1), async |_: Arc<u32>| {}).detach();
            let _listening =
                tracing::subscriber::set_default(tracing_subscriber::registry().with(Forwards(bus.clone())));
            let mut first = bus.publish(1_u32);
            assert!(poll_once(&mut first).is_pending());
            assert_eq!(said(&bus, 2).await, "dropped");
            assert!(first.await.unwrap().all_ok());
        });
        let _ = done.send(());
    });
    ended.recv_timeout(Duration::from_secs(30)).expect("a log that comes back to the bus blocks it");
}
