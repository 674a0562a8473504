//! Random sequences of lookups, landings, failures, drops, invalidations and steps of time, against
//! a plain model that says what may be handed out when.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;

use super::Fault;
use crate::Kind;
use crate::cached::Cache;

const DOWN: Fault = Fault(Kind::Transient);
const NO: Fault = Fault(Kind::Terminal);
const TTL: u64 = 100;

type Answer = Result<u32, Fault>;

#[derive(Clone, Copy, Debug)]
enum Event {
    Call(u8),
    /// The nth live call ends, if it is one that runs.
    End(usize, End),
    Drop(usize),
    Get(u8),
    Forget(u8),
    Clear,
    Prime(u8),
    /// Seconds pass.
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
enum End {
    Value,
    Down,
    No,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let key = || 0_u8..2;
    let end = prop_oneof![3 => Just(End::Value), 2 => Just(End::Down), 1 => Just(End::No)];
    let event = prop_oneof![
        8 => key().prop_map(Event::Call),
        8 => (0_usize..6, end).prop_map(|(nth, end)| Event::End(nth, end)),
        2 => (0_usize..6).prop_map(Event::Drop),
        3 => key().prop_map(Event::Get),
        1 => key().prop_map(Event::Forget),
        1 => Just(Event::Clear),
        1 => key().prop_map(Event::Prime),
        5 => (1_u64..60).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..60)
}

/// Whether a load runs, and how it is told to end.
type Control = Arc<Mutex<(bool, Option<Answer>)>>;

struct Body(Control);

impl Future for Body {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        let mut control = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        control.0 = true;
        control.1.take().map_or(Poll::Pending, Poll::Ready)
    }
}

struct Call {
    key: u8,
    /// The invalidations of its key before it.
    generation: u32,
    /// What was kept when it came.
    saw: Option<u32>,
    control: Control,
    future: Pin<Box<dyn Future<Output = Answer>>>,
}

impl Call {
    fn runs(&self) -> bool {
        self.control.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn poll(&mut self) -> Poll<Answer> {
        self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn is_aboard(&self, other: &(u8, u32)) -> bool {
        (self.key, self.generation) == *other
    }
}

/// What the model knows of a key.
#[derive(Clone, Copy, Default)]
struct Known {
    generation: u32,
    /// The value that was stored last, and when.
    kept: Option<(u32, u64)>,
}

struct Model {
    cache: &'static Cache<u8, u32>,
    refresh: Option<u64>,
    stale: u64,
    now: u64,
    serial: u32,
    known: [Known; 2],
    live: Vec<Call>,
}

type Checked = Result<(), TestCaseError>;

impl Model {
    fn known(&mut self, key: u8) -> &mut Known {
        &mut self.known[usize::from(key)]
    }

    fn next(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }

    /// The kept value, if it may be handed out as fresh.
    fn may(&mut self, key: u8) -> Option<u32> {
        let now = self.now;
        self.known(key).kept.filter(|(_, at)| now - at < TTL).map(|(value, _)| value)
    }

    /// The kept value, if it must be: its life is at least nine tenths of the ttl.
    fn must(&mut self, key: u8, limit: u64) -> Option<u32> {
        let now = self.now;
        self.known(key).kept.filter(|(_, at)| (now - at) * 10 < limit * 9).map(|(value, _)| value)
    }

    fn changed(&mut self, key: u8) {
        let known = self.known(key);
        *known = Known { generation: known.generation + 1, kept: None };
    }

    fn call(&mut self, key: u8) -> Checked {
        let control = Control::default();
        let body = Body(control.clone());
        let future = Box::pin(self.cache.get_or_load(&*Box::leak(Box::new(key)), || body));
        let known = *self.known(key);
        let saw = known.kept.map(|(value, _)| value);
        let mut call = Call { key, generation: known.generation, saw, control, future };
        let limit = self.refresh.unwrap_or(TTL);
        match call.poll() {
            Poll::Ready(answer) => prop_assert_eq!(answer.ok(), self.may(key), "not what is kept"),
            Poll::Pending => {
                prop_assert!(self.must(key, limit).is_none(), "a fresh value was not handed out");
                self.live.push(call);
            }
        }
        Ok(())
    }

    fn end(&mut self, nth: usize, end: End) -> Checked {
        if !self.live.get(nth).is_some_and(Call::runs) {
            return Ok(());
        }
        let mut leader = self.live.remove(nth);
        let told = match end {
            End::Value => Ok(self.next()),
            End::Down => Err(DOWN),
            End::No => Err(NO),
        };
        leader.control.lock().unwrap().1 = Some(told.clone());
        let Poll::Ready(answer) = leader.poll() else { panic!("it was told to end") };
        let of_now = leader.generation == self.known(leader.key).generation;
        let (now, kept) = (self.now, self.known(leader.key).kept);
        match end {
            End::Value => {
                prop_assert_eq!(&answer, &told);
                if let (true, Ok(value)) = (of_now, &told) {
                    self.known(leader.key).kept = Some((*value, now));
                }
            }
            End::No => {
                prop_assert_eq!(&answer, &told);
                // What the leader knew of is no longer true.
                if of_now && leader.saw == kept.map(|(value, _)| value) {
                    self.known(leader.key).kept = None;
                }
            }
            End::Down => {
                let old = kept.filter(|(value, _)| of_now && leader.saw == Some(*value));
                match &answer {
                    Ok(value) => {
                        let allowed = old.is_some_and(|(old, at)| old == *value && now - at < TTL + self.stale);
                        prop_assert!(allowed, "{value} may not stand in");
                    }
                    Err(error) => {
                        prop_assert_eq!(error, &DOWN);
                        // Its life is at least nine tenths of the ttl.
                        let whole = TTL * 9 / 10 + self.stale;
                        let known =
                            old.is_some_and(|(_, at)| now - at < whole) && (self.stale > 0 || self.refresh.is_some());
                        prop_assert!(!known, "nothing stood in");
                    }
                }
            }
        }
        self.land(&(leader.key, leader.generation), &answer)
    }

    /// Everybody aboard gets the same.
    fn land(&mut self, flight: &(u8, u32), answer: &Answer) -> Checked {
        let (aboard, rest): (Vec<_>, Vec<_>) = self.live.drain(..).partition(|call| call.is_aboard(flight));
        self.live = rest;
        for mut call in aboard {
            prop_assert!(!call.runs(), "two loads of one key");
            prop_assert_eq!(call.poll(), Poll::Ready(answer.clone()));
        }
        Ok(())
    }

    /// Who waits may have got the turn, and may have found what another flight kept.
    fn hand_over(&mut self) -> Checked {
        let mut index = 0;
        while index < self.live.len() {
            let call = &mut self.live[index];
            let (key, flight) = (call.key, (call.key, call.generation));
            match call.poll() {
                Poll::Pending => index += 1,
                Poll::Ready(answer) => {
                    prop_assert!(!call.runs());
                    self.live.remove(index);
                    prop_assert_eq!(answer.clone().ok(), self.may(key));
                    self.land(&flight, &answer)?;
                    index = 0;
                }
            }
        }
        for call in &self.live {
            let flight = (call.key, call.generation);
            let running = self.live.iter().filter(|other| other.is_aboard(&flight) && other.runs()).count();
            prop_assert_eq!(running, 1, "nobody runs, or more than one");
        }
        Ok(())
    }

    async fn event(&mut self, event: Event) -> Checked {
        match event {
            Event::Call(key) => self.call(key)?,
            Event::End(nth, end) => self.end(nth, end)?,
            Event::Drop(nth) if nth < self.live.len() => drop(self.live.remove(nth)),
            Event::Drop(_) => {}
            Event::Get(key) => {
                let got = self.cache.get(&key);
                prop_assert!(got.is_none() || got == self.may(key), "{got:?}");
                let must = self.must(key, TTL);
                prop_assert!(must.is_none() || got == must, "{got:?} instead of {must:?}");
            }
            Event::Forget(key) => {
                self.cache.forget(&key);
                self.changed(key);
            }
            Event::Clear => {
                self.cache.forget_all();
                self.changed(0);
                self.changed(1);
            }
            Event::Prime(key) => {
                let value = self.next();
                self.cache.prime(key, value).await.unwrap();
                self.changed(key);
                self.known(key).kept = Some((value, self.now));
            }
            Event::Pass(seconds) => {
                tokio::time::advance(Duration::from_secs(seconds)).await;
                self.now += seconds;
            }
        }
        self.hand_over()
    }
}

fn cache(refresh: Option<u64>, stale: u64) -> &'static Cache<u8, u32> {
    let secs = Duration::from_secs;
    let mut cache = Cache::new("model", secs(TTL));
    if let Some(after) = refresh {
        cache = cache.refresh_after(secs(after));
    }
    if stale > 0 {
        cache = cache.stale_if_error(secs(stale));
    }
    Box::leak(Box::new(cache))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn it_hands_out_what_the_model_allows(
        refresh in prop::option::of(10_u64..90),
        stale in prop_oneof![Just(0_u64), 1_u64..200],
        events in events(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let cache = cache(refresh, stale);
            let mut model =
                Model { cache, refresh, stale, now: 0, serial: 0, known: Default::default(), live: Vec::new() };
            for event in events {
                model.event(event).await?;
            }
            model.live.clear();
            prop_assert_eq!(cache.shelf().flights.count(), 0);
            Ok(())
        })?;
    }
}
