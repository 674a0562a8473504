//! Whole calls in random sequences, against what must hold whatever happens: nothing that was
//! completed runs again, nothing that may have happened is forgotten, nobody is left holding a key.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::oneshot;

use super::support::*;
use crate::Rejection;
use crate::idempotent::rt::{Query, answer, finish_asked, recover, run_asked};
use crate::idempotent::*;

const LEASE: u64 = 10;
const TTL: u64 = 1_000_000;

static ASKING: Idempotency = Idempotency::new("charges.create")
    .lease(Duration::from_secs(LEASE))
    .ttl(Duration::from_secs(TTL))
    .on_unknown(OnUnknown::Recover);

/// How a body, or a question, ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Value,
    Declined,
    Transient,
    Unknown,
    Panic,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A call; with `on_cancel = finish` or `unknown`.
    Call { key: u8, finish: bool },
    /// A body or a question comes to its end.
    End { call: usize, end: End },
    /// A caller goes away.
    Drop { call: usize },
    /// A caller looks again.
    Poll { call: usize },
    /// Time passes while nobody looks: a process that stands still, and may lose its leases.
    Stand { seconds: u64 },
    /// Time passes while everybody looks.
    Wait { seconds: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let call = 0..8_usize;
    let end = prop_oneof![
        2 => Just(End::Value),
        1 => Just(End::Declined),
        2 => Just(End::Transient),
        2 => Just(End::Unknown),
        1 => Just(End::Panic),
    ];
    prop_oneof![
        5 => (0..3_u8, any::<bool>()).prop_map(|(key, finish)| Event::Call { key, finish }),
        5 => (call.clone(), end).prop_map(|(call, end)| Event::End { call, end }),
        2 => call.clone().prop_map(|call| Event::Drop { call }),
        3 => call.prop_map(|call| Event::Poll { call }),
        1 => (1..25_u64).prop_map(|seconds| Event::Stand { seconds }),
        1 => (1..25_u64).prop_map(|seconds| Event::Wait { seconds }),
    ]
}

/// What really happened to a key, as the other side has it.
#[derive(Clone, Debug, Default)]
struct Truth {
    /// Bodies that have begun and not said how they ended.
    running: u32,
    /// Ends that may have happened, and that nobody has resolved.
    doubtful: bool,
    /// The answer that some call was given for good.
    answer: Option<Answered>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answered {
    Value(u64),
    Declined,
}

type Tell = Arc<Mutex<Option<oneshot::Sender<End>>>>;
type Calling = Pin<Box<dyn Future<Output = Result<Paid, Rejection>>>>;

struct Live {
    key: u8,
    /// To the body or the question of this call that waits now.
    tell: Tell,
    call: Option<Calling>,
}

struct World {
    store: MemoryStore,
    truth: Arc<Mutex<HashMap<u8, Truth>>>,
    calls: Vec<Live>,
    ids: u64,
}

async fn told(tell: &Tell) -> End {
    let (sender, receiver) = oneshot::channel();
    *tell.lock().unwrap() = Some(sender);
    receiver.await.unwrap_or(End::Unknown)
}

fn ended(end: End, id: u64) -> Paid {
    match end {
        End::Value => Ok(Charge { id }),
        End::Declined => Err(PayError::Declined { code: 51 }),
        End::Transient => Err(PayError::Connect),
        End::Unknown => Err(PayError::TimedOutAfterSend),
        End::Panic => panic!("as it is told"),
    }
}

/// The body. Once begun, a drop or a panic leaves a doubt.
async fn body(store: MemoryStore, truth: Arc<Mutex<HashMap<u8, Truth>>>, key: u8, tell: Tell, id: u64) -> Paid {
    holds_the_key(&store, key);
    struct Running(Arc<Mutex<HashMap<u8, Truth>>>, u8, bool);
    impl Drop for Running {
        fn drop(&mut self) {
            let mut truth = self.0.lock().unwrap();
            let truth = truth.entry(self.1).or_default();
            truth.running -= 1;
            truth.doubtful |= self.2;
        }
    }
    {
        let mut truth = truth.lock().unwrap();
        let truth = truth.entry(key).or_default();
        assert_eq!(truth.answer, None, "a key that was completed ran again");
        truth.running += 1;
    }
    let mut running = Running(truth, key, true);
    let end = told(&tell).await;
    running.2 = matches!(end, End::Unknown | End::Panic);
    ended(end, id)
}

/// A body begins with a whole lease: its key was claimed, or asked for again, in this very moment.
fn holds_the_key(store: &MemoryStore, key: u8) {
    let record = at_once(store.get(&id(&key.to_string()))).unwrap();
    let lease_until = crate::clock::wall() + Duration::from_secs(LEASE);
    let state = record.map(|record| record.state);
    assert_eq!(state, Some(RecordState::InFlight { lease_until }), "a body runs without its key");
}

/// The question. It knows only what is true.
async fn question(
    truth: Arc<Mutex<HashMap<u8, Truth>>>,
    key: u8,
    tell: Tell,
    id: u64,
) -> Result<Recovered<Charge>, PayError> {
    let before = truth.lock().unwrap().entry(key).or_default().answer;
    assert_eq!(before, None, "a key that was completed was asked about");
    let end = told(&tell).await;
    if end == End::Panic {
        panic!("as it is told");
    }
    let mut truth = truth.lock().unwrap();
    let truth = truth.entry(key).or_default();
    match end {
        End::Value => Ok(Recovered::Done(Charge { id })),
        // Where a body still runs somewhere, nobody can say that.
        End::Transient if truth.running == 0 && truth.answer.is_none() => {
            truth.doubtful = false;
            Ok(Recovered::NeverHappened)
        }
        End::Transient | End::Unknown | End::Panic => Ok(Recovered::StillUnknown),
        // Of the question, and not of the call that is asked about.
        End::Declined => Err(PayError::Declined { code: OF_THE_QUESTION }),
    }
}

const OF_THE_QUESTION: u32 = 99;

impl World {
    fn new() -> Self {
        Self { store: MemoryStore::default(), truth: Arc::default(), calls: Vec::new(), ids: 0 }
    }

    fn call(&mut self, key: u8, finish: bool) {
        self.ids += 1;
        let (id, tell, truth, store) = (self.ids, Tell::default(), self.truth.clone(), self.store.clone());
        let call = {
            let tell = tell.clone();
            async move {
                let call = call(&ASKING, &key.to_string(), 5);
                let ask = || question(truth.clone(), key, tell.clone(), id);
                let held = store.clone();
                let asked = recover(call, store, PhantomData::<Paid>, ask).await;
                let codec = |query: Query<'_, Paid>| answer(&query);
                let inner = {
                    let (held, truth, tell) = (held, truth.clone(), tell.clone());
                    async move { Ok(body(held, truth, key, tell, id).await) }
                };
                match finish {
                    true => finish_asked(asked, codec, inner).await,
                    false => run_asked(asked, codec, inner).await,
                }
            }
        };
        self.calls.push(Live { key, tell, call: Some(Box::pin(call)) });
        self.poll(self.calls.len() - 1);
    }

    fn poll(&mut self, call: usize) {
        let Some(live) = self.calls.get_mut(call) else { return };
        let Some(calling) = &mut live.call else { return };
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll_once(calling.as_mut())));
        let key = live.key;
        match polled {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(result)) => {
                live.call = None;
                self.answered(key, result);
            }
            Err(panic) => {
                live.call = None;
                let ours = panic.downcast_ref::<&str>().is_some_and(|text| *text == "as it is told");
                assert!(ours, "{panic:?}");
            }
        }
    }

    /// What a caller is told is what the record says.
    fn answered(&self, key: u8, result: Result<Paid, Rejection>) {
        self.hold();
        let answer = self.truth.lock().unwrap().entry(key).or_default().answer;
        match result {
            Ok(Ok(charge)) => assert_eq!(answer, Some(Answered::Value(charge.id))),
            Ok(Err(PayError::Declined { code: OF_THE_QUESTION })) => {}
            Ok(Err(PayError::Declined { .. })) => assert_eq!(answer, Some(Answered::Declined)),
            Ok(Err(_)) => {}
            Err(refused) => {
                let known = ["in_flight", "outcome_unknown", "unrecorded"];
                assert!(known.contains(&refused.code()), "{refused}");
            }
        }
    }

    fn step(&mut self, event: Event) {
        let live = |call: usize, calls: &[Live]| call.checked_rem(calls.len());
        match event {
            Event::Call { key, finish } => self.call(key, finish),
            Event::End { call, end } => {
                let Some(call) = live(call, &self.calls) else { return };
                let teller = self.calls[call].tell.lock().unwrap().take();
                if let Some(teller) = teller {
                    // Whoever is gone does not hear it.
                    let _ = teller.send(end);
                }
                self.poll(call);
            }
            Event::Drop { call } => {
                if let Some(call) = live(call, &self.calls) {
                    self.calls[call].call = None;
                }
            }
            Event::Poll { call } => {
                if let Some(call) = live(call, &self.calls) {
                    self.poll(call);
                }
            }
            Event::Stand { .. } | Event::Wait { .. } => {}
        }
    }

    async fn pass(&mut self, event: Event) {
        match event {
            Event::Stand { seconds } => tokio::time::advance(Duration::from_secs(seconds)).await,
            Event::Wait { seconds } => {
                for _ in 0..seconds {
                    tokio::time::advance(Duration::from_secs(1)).await;
                    (0..self.calls.len()).for_each(|call| self.poll(call));
                }
            }
            _ => {}
        }
        // Work whose caller has gone runs on.
        tokio::task::yield_now().await;
        self.hold();
    }

    /// What holds at any moment.
    fn hold(&self) {
        for (key, truth) in &mut *self.truth.lock().unwrap() {
            let record = at_once(self.store.get(&id(&key.to_string()))).unwrap();
            if truth.doubtful {
                assert!(record.is_some(), "a doubt about key {key} is forgotten");
            }
            let answer = record.and_then(answer_of);
            assert!(truth.answer.is_none() || truth.answer == answer, "key {key}: {truth:?}, and now {answer:?}");
            truth.answer = answer;
        }
    }
}

fn answer_of(record: Record) -> Option<Answered> {
    match record.state {
        RecordState::Ended(Outcome::Known { stored: Stored::Value(bytes), .. }) => {
            Some(Answered::Value(Charge::from_record(&bytes).unwrap().id))
        }
        RecordState::Ended(Outcome::Known { stored: Stored::Terminal(_), .. }) => Some(Answered::Declined),
        _ => None,
    }
}

/// Panics are part of the test; their messages are not.
fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>() != Some(&"as it is told") {
                loud(info);
            }
        }));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_runs_twice_and_nothing_is_forgotten(events in proptest::collection::vec(event(), 1..60)) {
        quiet();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for event in events {
                world.step(event);
                world.pass(event).await;
            }
            // Everybody goes; from the end of the leases on, no key is held by anyone.
            world.calls.clear();
            tokio::time::sleep(Duration::from_secs(1)).await;
            world.hold();
            tokio::time::advance(Duration::from_secs(LEASE)).await;
            for key in 0..3_u8 {
                let record = world.store.get(&id(&key.to_string())).await.unwrap();
                let now = crate::clock::wall();
                let held = record.is_some_and(|record| !record.is_unknown(now) && answer_of(record).is_none());
                assert!(!held, "key {key} is held by nobody");
            }
        });
    }
}
