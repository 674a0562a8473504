use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, advance, sleep};

use super::{Bulkhead, BulkheadConfig, Permit};
use crate::registry::{Describe, State};
use crate::scope::Fresh;
use crate::{Reason, Rejection};

const SECOND: Duration = Duration::from_secs(1);

type Entering<'a> = Pin<Box<dyn Future<Output = Result<Permit<'a>, Rejection>> + 'a>>;

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Calls that run, and those in the line.
fn counts(bulkhead: &Bulkhead) -> (u64, u64) {
    match bulkhead.state() {
        Some(State::Bulkhead { running, waiting, .. }) => (running, waiting),
        other => panic!("{other:?}"),
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A call comes and asks for a place.
    Arrive,
    /// One that never waits comes.
    Try,
    /// A call is looked at again: in the line or not.
    Poll(usize),
    /// A call goes: its end, a panic, a drop, in the line or not.
    Go(usize),
    /// The places become more or fewer.
    Resize(u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Arrive),
        1 => Just(Event::Try),
        4 => (0..20usize).prop_map(Event::Poll),
        4 => (0..20usize).prop_map(Event::Go),
        1 => (1..6u32).prop_map(Event::Resize),
    ]
}

/// The plain model: who waits, in order, and who has a place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Waiting,
    /// Has a place, and has not looked yet.
    Given,
    Running,
}

enum Held<'a> {
    Entering(Entering<'a>),
    Permit(#[expect(dead_code, reason = "held, not looked at")] Permit<'a>),
}

struct Calls<'a> {
    bulkhead: &'a Bulkhead,
    places: u32,
    free: u32,
    /// Places that are to go when calls end.
    owed: u32,
    configured: bool,
    all: Vec<(Stage, Held<'a>)>,
}

impl<'a> Calls<'a> {
    fn taken(&self) -> usize {
        self.all.iter().filter(|(stage, _)| *stage != Stage::Waiting).count()
    }

    /// Free places go to the first in the line.
    fn give(&mut self) {
        while self.free > 0 {
            let Some(first) = self.all.iter_mut().find(|(stage, _)| *stage == Stage::Waiting) else { return };
            first.0 = Stage::Given;
            self.free -= 1;
        }
    }

    fn go(&mut self, index: usize) {
        let (stage, held) = self.all.remove(index);
        drop(held);
        match stage {
            Stage::Waiting => {}
            Stage::Running if self.owed > 0 => self.owed -= 1,
            Stage::Running => {
                self.free += 1;
                self.give();
            }
            // Whoever stands behind it comes first; what nobody wants is what is owed.
            Stage::Given => {
                self.free += 1;
                self.give();
                let paid = self.free.min(self.owed);
                (self.free, self.owed) = (self.free - paid, self.owed - paid);
            }
        }
    }

    fn resize(&mut self, places: u32) {
        let config = BulkheadConfig { max_concurrent: Some(places), max_wait: None };
        self.bulkhead.configure(&config).unwrap();
        let fewer = self.places.saturating_sub(places);
        let gone = fewer.min(self.free);
        self.free = self.free - gone + places.saturating_sub(self.places);
        self.owed += fewer - gone;
        (self.places, self.configured) = (places, true);
        self.give();
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Arrive => self.arrive(),
            Event::Try => {
                assert_eq!(self.bulkhead.try_acquire().is_ok(), self.free > 0);
            }
            Event::Poll(index) if !self.all.is_empty() => self.look(index % self.all.len()),
            Event::Go(index) if !self.all.is_empty() => self.go(index % self.all.len()),
            Event::Resize(places) if !self.configured => self.resize(places),
            _ => {}
        }
        let given = self.all.iter().filter(|(stage, _)| *stage == Stage::Given).count();
        let waiting = self.all.iter().filter(|(stage, _)| *stage == Stage::Waiting).count();
        assert_eq!(counts(self.bulkhead), (self.taken() as u64, (waiting + given) as u64));
    }

    fn arrive(&mut self) {
        let mut entering: Entering<'a> = Box::pin(self.bulkhead.acquire());
        let free = self.free > 0;
        match poll(&mut entering) {
            Poll::Ready(permit) => {
                assert!(free, "overtook the line, or more than there are places");
                self.free -= 1;
                self.all.push((Stage::Running, Held::Permit(permit.unwrap())));
            }
            Poll::Pending => {
                assert!(!free, "waits before a free place");
                self.all.push((Stage::Waiting, Held::Entering(entering)));
            }
        }
    }

    fn look(&mut self, index: usize) {
        let (stage, held) = &mut self.all[index];
        let Held::Entering(entering) = held else { return };
        match poll(entering) {
            Poll::Ready(permit) => {
                assert_eq!(*stage, Stage::Given, "not its turn");
                *stage = Stage::Running;
                *held = Held::Permit(permit.unwrap());
            }
            Poll::Pending => assert_eq!(*stage, Stage::Waiting, "its turn was lost"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Never more than so many at once, first come first served, nothing lost: whoever comes, waits,
    /// goes or is dropped, and when.
    #[test]
    fn does_what_a_plain_line_does(places in 1..5u32, events in prop::collection::vec(event(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        // Beside the runtime, not in a task of it, which would have to give way now and then.
        let _beside = runtime.enter();
        let bulkhead = Bulkhead::new("reports", places).max_wait(3600 * SECOND);
        let mut calls = Calls { bulkhead: &bulkhead, places, free: places, owed: 0, configured: false, all: Vec::new() };
        for event in events {
            calls.apply(event);
        }
        let left = calls.places;
        while !calls.all.is_empty() {
            calls.apply(Event::Go(0));
        }
        prop_assert_eq!(counts(&bulkhead), (0, 0));
        let all: Vec<_> = (0..left).map(|_| bulkhead.try_acquire().unwrap()).collect();
        prop_assert!(bulkhead.try_acquire().is_err());
        drop(all);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_one_refuses_at_once_and_says_why() {
    let bulkhead = Bulkhead::new("reports", 2);
    let _one = bulkhead.acquire().await.unwrap();
    let _two = bulkhead.acquire().await.unwrap();
    let refused = bulkhead.acquire().await.unwrap_err();
    assert!(matches!(refused.reason(), Reason::Full { waited } if waited.is_zero()));
    assert_eq!((refused.code(), refused.status(), refused.retry_after()), ("bulkhead_full", 503, None));
    assert_eq!(refused.to_string(), "bulkhead `reports`: full");
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_has_waited_that_long() {
    let bulkhead = Bulkhead::new("reports", 1).max_wait(2 * SECOND);
    let _one = bulkhead.acquire().await.unwrap();
    let start = Instant::now();
    let refused = bulkhead.acquire().await.unwrap_err();
    assert!(start.elapsed() >= 2 * SECOND);
    assert!(matches!(refused.reason(), Reason::Full { waited } if *waited == 2 * SECOND));
    assert!(refused.to_string().ends_with("full, and no place became free within 2s"), "{refused}");
    assert_eq!(counts(&bulkhead), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_there_when_the_time_is_up_counts() {
    let bulkhead = Bulkhead::new("reports", 1).max_wait(SECOND);
    let one = bulkhead.acquire().await.unwrap();
    let mut late = Box::pin(bulkhead.acquire());
    assert!(poll(&mut late).is_pending());
    drop(one);
    advance(2 * SECOND).await;
    assert!(matches!(poll(&mut late), Poll::Ready(Ok(_))));
}

#[test]
fn outside_of_a_runtime_nobody_waits() {
    let bulkhead = Bulkhead::new("reports", 1).max_wait(SECOND);
    let _one = bulkhead.try_acquire().unwrap();
    let mut entering = Box::pin(bulkhead.acquire());
    assert!(matches!(poll(&mut entering), Poll::Ready(Err(_))));
}

async fn work(time: Duration) -> Result<u8, Rejection> {
    sleep(time).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn a_call_by_hand_gives_its_place_back_whatever_becomes_of_it() {
    let bulkhead = Bulkhead::new("reports", 1);
    assert_eq!(bulkhead.call(|| work(SECOND)).await.unwrap(), 1);
    let mut dropped = Box::pin(bulkhead.call(|| work(SECOND)));
    assert!(poll(&mut dropped).is_pending());
    assert_eq!(bulkhead.call(|| work(SECOND)).await.unwrap_err().code(), "bulkhead_full");
    drop(dropped);
    assert_eq!(counts(&bulkhead), (0, 0));
    let panics = async {
        let mut call = pin!(bulkhead.call(|| async { panic!("a body that panics") as Result<u8, Rejection> }));
        std::future::poll_fn(|cx| {
            let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call.as_mut().poll(cx)));
            assert!(polled.is_err());
            Poll::Ready(())
        })
        .await;
    };
    panics.await;
    assert_eq!(counts(&bulkhead), (0, 0));
}

/// A call in the line, dropped after each number of polls: nothing is left of it.
#[tokio::test(start_paused = true)]
async fn a_call_dropped_at_each_await_leaves_nothing() {
    for polls in 0..6 {
        let bulkhead = Bulkhead::new("reports", 1).max_wait(10 * SECOND);
        let mut first = Some(bulkhead.acquire().await.unwrap());
        let mut call = Box::pin(bulkhead.call(|| work(SECOND)));
        for step in 0..polls {
            if poll(&mut call).is_ready() {
                break;
            }
            if step == 1 {
                first = None;
            }
            advance(SECOND / 2).await;
        }
        drop(call);
        drop(first);
        assert_eq!(counts(&bulkhead), (0, 0), "after {polls}");
        assert!(bulkhead.try_acquire().is_ok(), "after {polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_call_holds_is_gone_before_its_place_is_free() {
    struct Looks<'a>(&'a Bulkhead);
    impl Drop for Looks<'_> {
        fn drop(&mut self) {
            assert_eq!(counts(self.0).0, 1, "the place was free before");
        }
    }
    let bulkhead = Bulkhead::new("reports", 1);
    let mut call = Box::pin(bulkhead.call(|| {
        let looks = Looks(&bulkhead);
        async move {
            let _looks = looks;
            pending::<Result<(), Rejection>>().await
        }
    }));
    assert!(poll(&mut call).is_pending());
    drop(call);
    assert_eq!(counts(&bulkhead), (0, 0));
}

#[test]
fn configured_once_with_what_is_right() {
    let bulkhead = Bulkhead::new("reports", 2).max_wait(SECOND);
    let json = |text: &str| Describe::configure(&bulkhead, &serde_json::from_str(text).unwrap());
    assert_eq!(json(r#"{ "max_concurrent": 0 }"#).unwrap_err().to_string(), "`max_concurrent` must be at least 1");
    assert!(json(r#"{ "max_concurent": 3 }"#).unwrap_err().to_string().contains("max_concurent"));
    json(r#"{ "max_concurrent": "3" }"#).unwrap();
    assert!(json(r#"{ "max_concurrent": 4 }"#).is_err());
    let settings = bulkhead.settings();
    assert_eq!((settings["max_concurrent"].as_str(), settings["max_wait"].as_str()), ("3", "1s"));
    let fresh = bulkhead.fresh();
    assert_eq!(fresh.settings(), settings);
    let _all: Vec<_> = (0..3).map(|_| fresh.try_acquire().unwrap()).collect();
    assert!(fresh.try_acquire().is_err() && bulkhead.try_acquire().is_ok());
}
