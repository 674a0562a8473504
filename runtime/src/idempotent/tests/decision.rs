//! The decision and the memory store against a plain model, by random events.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::support::{at_once, id};
use crate::idempotent::decision::{Ask, Verdict, decide, replayed};
use crate::idempotent::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

const LEASE: u64 = 10;
const TTL: u64 = 20;

#[derive(Clone, Debug)]
enum Event {
    /// A call with a key and a payload.
    Call {
        key: u8,
        payload: u8,
        rerun: bool,
    },
    /// One of the owners that ever were ends, or comes back late.
    Value {
        owner: usize,
        value: u8,
    },
    Declined {
        owner: usize,
        value: u8,
    },
    Unknown {
        owner: usize,
    },
    Release {
        owner: usize,
    },
    Extend {
        owner: usize,
    },
    Resolve {
        key: u8,
        happened: Option<u8>,
    },
    Wait {
        seconds: u64,
    },
    JumpBack {
        seconds: u64,
    },
}

fn event(keys: u8) -> impl Strategy<Value = Event> {
    let owner = 0..1000_usize;
    prop_oneof![
        6 => (0..keys, 0..2_u8, any::<bool>()).prop_map(|(key, payload, rerun)| Event::Call { key, payload, rerun }),
        2 => (owner.clone(), any::<u8>()).prop_map(|(owner, value)| Event::Value { owner, value }),
        1 => (owner.clone(), any::<u8>()).prop_map(|(owner, value)| Event::Declined { owner, value }),
        1 => owner.clone().prop_map(|owner| Event::Unknown { owner }),
        1 => owner.clone().prop_map(|owner| Event::Release { owner }),
        1 => owner.prop_map(|owner| Event::Extend { owner }),
        1 => (0..keys, any::<Option<u8>>()).prop_map(|(key, happened)| Event::Resolve { key, happened }),
        3 => (1..15_u64).prop_map(|seconds| Event::Wait { seconds }),
        1 => (1..40_u64).prop_map(|seconds| Event::JumpBack { seconds }),
    ]
}

/// The model: what the specification says of one key, in the plainest words.
#[derive(Clone, Debug)]
struct Model {
    payload: u8,
    owner: usize,
    state: ModelState,
}

#[derive(Clone, Debug, PartialEq)]
enum ModelState {
    Running { until: u64 },
    Unknown,
    Known { terminal: bool, value: u8, until: u64 },
}

#[derive(Debug, PartialEq)]
enum Answered {
    Runs,
    Replay { terminal: bool, value: u8 },
    Conflict,
    InFlight,
    Unknown,
    Full,
}

fn model_call(record: Option<&Model>, payload: u8, rerun: bool, now: u64) -> Answered {
    let Some(record) = record else {
        return Answered::Runs;
    };
    match record.state {
        ModelState::Known { until, .. } if until <= now => Answered::Runs,
        _ if record.payload != payload => Answered::Conflict,
        ModelState::Known { terminal, value, .. } => Answered::Replay { terminal, value },
        ModelState::Running { until } if until > now => Answered::InFlight,
        ModelState::Running { .. } | ModelState::Unknown if rerun => Answered::Runs,
        ModelState::Running { .. } | ModelState::Unknown => Answered::Unknown,
    }
}

/// The core and the store, as `engage` puts them together.
fn real_call(store: &MemoryStore, key: u8, payload: u8, rerun: bool, now: u64, token: Token) -> Answered {
    let fingerprint = Some(Fingerprint::of(&payload).unwrap());
    let on_unknown = if rerun { OnUnknown::Rerun } else { OnUnknown::Refuse };
    let lease = Duration::from_secs(LEASE);
    let ask = Ask { fingerprint, token, now: at(now), lease, on_unknown };
    let mut take_over = None;
    let at_hand = store.at_hand(&id(&key.to_string()));
    let at_hand = at_hand.and_then(|known| replayed(known, &fingerprint, at(now)));
    loop {
        let claim = NewClaim {
            id: id(&key.to_string()),
            fingerprint,
            token,
            now: at(now),
            claimed_at: at(now),
            lease_until: at(now + LEASE),
            take_over,
        };
        let record = match at_once(store.claim(claim)) {
            Ok(Claimed::Found(record)) => record,
            other => {
                assert_eq!(at_hand, None, "what is at hand is what a claim finds");
                return match other {
                    Err(error) if error.is_full() => Answered::Full,
                    other => other.map(|_| Answered::Runs).unwrap(),
                };
            }
        };
        let verdict = decide(&record, &ask);
        let replays = if let Verdict::Replay(stored) = &verdict { Some(stored.clone()) } else { None };
        assert_eq!(at_hand, replays, "what is at hand is what a claim finds");
        return match verdict {
            Verdict::Replace(seen) | Verdict::TakeOver { seen, .. } => {
                assert_eq!(take_over, None, "taken over twice");
                take_over = Some(seen);
                continue;
            }
            Verdict::Replay(Stored::Value(bytes)) => Answered::Replay { terminal: false, value: bytes[0] },
            Verdict::Replay(Stored::Terminal(bytes)) => Answered::Replay { terminal: true, value: bytes[0] },
            Verdict::Conflict => Answered::Conflict,
            Verdict::InFlight { retry_after } => {
                assert!(retry_after <= lease && !retry_after.is_zero());
                Answered::InFlight
            }
            Verdict::Unknown { .. } => Answered::Unknown,
            Verdict::Own => panic!("a fresh token owns nothing"),
        };
    }
}

struct World {
    store: MemoryStore,
    capacity: usize,
    model: HashMap<u8, Model>,
    /// Everybody who ever ran: the key and the token.
    owners: Vec<(u8, Token)>,
    now: u64,
    /// The latest that the clock ever said.
    latest: u64,
    may_jump: bool,
}

impl World {
    fn new(capacity: usize, may_jump: bool) -> Self {
        let store = MemoryStore::new(capacity);
        Self { store, capacity, model: HashMap::new(), owners: Vec::new(), now: 1000, latest: 1000, may_jump }
    }

    fn call(&mut self, key: u8, payload: u8, rerun: bool) {
        let token = Token::random();
        let answered = real_call(&self.store, key, payload, rerun, self.now, token);
        // After a jump back the store may have forgotten what the clock says is not yet expired.
        let forgotten = matches!(self.model.get(&key),
            Some(Model { state: ModelState::Known { until, .. }, .. }) if *until <= self.latest);
        let mut expected = model_call(self.model.get(&key), payload, rerun, self.now);
        let live = |m: &&Model| !matches!(m.state, ModelState::Known { until, .. } if until <= self.now);
        let others = self.model.iter().filter(|(k, _)| **k != key).map(|(_, m)| m).filter(live).count();
        if expected == Answered::Runs && others >= self.capacity {
            expected = Answered::Full;
        }
        if !(self.may_jump && forgotten && answered == Answered::Runs) {
            assert_eq!(answered, expected, "key {key} at {}: {:?}", self.now, self.model.get(&key));
        }
        if answered == Answered::Runs {
            let state = ModelState::Running { until: self.now + LEASE };
            self.model.insert(key, Model { payload, owner: self.owners.len(), state });
            self.owners.push((key, token));
        }
    }

    /// An owner ends, if the record is still its own.
    fn end(&mut self, owner: usize, state: ModelState, outcome: Outcome) {
        let Some(owner) = owner.checked_rem(self.owners.len()) else {
            return;
        };
        let (key, token) = self.owners[owner];
        let held = at_once(self.store.complete(&id(&key.to_string()), token, outcome)).unwrap();
        let own = self.model.get_mut(&key).filter(|record| record.owner == owner);
        // An expired record may have been forgotten before its owner came back.
        if let Some(record) = own {
            let expired = matches!(record.state, ModelState::Known { until, .. } if until <= self.latest);
            if held == Held::Yes {
                // What has ended stays as it is.
                if let ModelState::Running { .. } = record.state {
                    record.state = state;
                }
            } else {
                assert!(expired, "the owner lost what is its own");
                self.model.remove(&key);
            }
        } else {
            assert_eq!(held, Held::Lost, "a late owner overwrote a record");
        }
    }

    fn known(&mut self, owner: usize, terminal: bool, value: u8) {
        let until = self.now + TTL;
        let bytes = [value].as_slice().into();
        let stored = if terminal { Stored::Terminal(bytes) } else { Stored::Value(bytes) };
        let outcome = Outcome::Known { stored, expires_at: at(until) };
        self.end(owner, ModelState::Known { terminal, value, until }, outcome);
    }

    fn release_or_extend(&mut self, owner: usize, extend: bool) {
        let Some(owner) = owner.checked_rem(self.owners.len()) else {
            return;
        };
        let (key, token) = self.owners[owner];
        let record = id(&key.to_string());
        let until = self.now + LEASE;
        let held = if extend {
            at_once(self.store.extend(&record, token, at(until)))
        } else {
            at_once(self.store.release(&record, token))
        };
        let running = |m: &&mut Model| m.owner == owner && matches!(m.state, ModelState::Running { .. });
        match self.model.get_mut(&key).filter(running) {
            Some(model) => {
                assert_eq!(held.unwrap(), Held::Yes);
                model.state = ModelState::Running { until };
                if !extend {
                    self.model.remove(&key);
                }
            }
            None if extend && matches!(held, Ok(Held::Yes)) => {
                // It is still its owner's, and has ended.
                assert_eq!(self.model.get(&key).map(|record| record.owner), Some(owner));
            }
            None => assert_eq!(held.unwrap(), Held::Lost),
        }
    }

    fn resolve(&mut self, key: u8, happened: Option<u8>) {
        let record = id(&key.to_string());
        let unknowns = at_once(self.store.unknowns(at(self.now), None, usize::MAX)).unwrap();
        let listed = unknowns.iter().find(|(id, _)| *id == record);
        let unknown = |m: &&mut Model| match m.state {
            ModelState::Unknown => true,
            ModelState::Running { until } => until <= self.now,
            ModelState::Known { .. } => false,
        };
        let model = self.model.get_mut(&key).filter(unknown);
        assert_eq!(listed.is_some(), model.is_some());
        let (Some((_, found)), Some(model)) = (listed, model) else {
            return;
        };
        let until = self.now + TTL;
        let resolution = match happened {
            None => Resolution::NeverHappened,
            Some(value) => {
                Resolution::Happened { stored: Stored::Value([value].as_slice().into()), expires_at: at(until) }
            }
        };
        assert_eq!(at_once(self.store.resolve(&record, found.seen(), resolution, "because")).unwrap(), Held::Yes);
        match happened {
            Some(value) => {
                model.state = ModelState::Known { terminal: false, value, until };
                model.owner = usize::MAX;
            }
            None => drop(self.model.remove(&key)),
        }
    }

    fn step(&mut self, event: &Event) {
        match *event {
            Event::Call { key, payload, rerun } => self.call(key, payload, rerun),
            Event::Value { owner, value } => self.known(owner, false, value),
            Event::Declined { owner, value } => self.known(owner, true, value),
            Event::Unknown { owner } => self.end(owner, ModelState::Unknown, Outcome::Unknown),
            Event::Release { owner } => self.release_or_extend(owner, false),
            Event::Extend { owner } => self.release_or_extend(owner, true),
            Event::Resolve { key, happened } => self.resolve(key, happened),
            Event::Wait { seconds } => self.now += seconds,
            Event::JumpBack { seconds } if self.may_jump => self.now = self.now.saturating_sub(seconds),
            Event::JumpBack { .. } => {}
        }
        self.latest = self.latest.max(self.now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_core_and_the_store_do_what_the_model_says(
        events in proptest::collection::vec(event(3), 1..120)
    ) {
        let mut world = World::new(1000, true);
        events.iter().for_each(|event| world.step(event));
    }

    #[test]
    fn a_small_store_refuses_rather_than_forgets(
        events in proptest::collection::vec(event(8), 1..120)
    ) {
        let mut world = World::new(3, false);
        for event in &events {
            world.step(event);
            prop_assert!(world.store.len() <= 3);
        }
    }
}

fn record(state: RecordState) -> Record {
    let token = Token::random();
    Record { fingerprint: None, token, version: 0, claimed_at: at(0), state, resolved: None }
}

fn asked(now: SystemTime) -> Ask {
    let (lease, on_unknown) = (Duration::from_secs(LEASE), OnUnknown::Refuse);
    Ask { fingerprint: None, token: Token::random(), now, lease, on_unknown }
}

#[test]
fn a_clock_that_jumps_neither_panics_nor_waits_for_ever() {
    let running = record(RecordState::InFlight { lease_until: at(1_000_000_000) });
    let retry_after = Duration::from_secs(LEASE);
    assert_eq!(decide(&running, &asked(at(0))), Verdict::InFlight { retry_after });
    let long_ago = SystemTime::UNIX_EPOCH - Duration::from_secs(1_000_000);
    assert_eq!(decide(&running, &asked(long_ago)), Verdict::InFlight { retry_after });
    assert_eq!(decide(&running, &asked(at(1_000_000_000))), Verdict::Unknown { since: at(0) });
}

#[test]
fn an_expired_result_is_free_for_any_payload() {
    let stored = Stored::Value([1].as_slice().into());
    let mut known = record(RecordState::Ended(Outcome::Known { stored: stored.clone(), expires_at: at(10) }));
    known.fingerprint = Some(Fingerprint::of(&1).unwrap());
    let mut ask = asked(at(9));
    ask.fingerprint = Some(Fingerprint::of(&2).unwrap());
    assert_eq!(decide(&known, &ask), Verdict::Conflict);
    ask.now = at(10);
    assert_eq!(decide(&known, &ask), Verdict::Replace(known.seen()));
    // Nothing to compare with.
    ask = asked(at(9));
    assert_eq!(decide(&known, &ask), Verdict::Replay(stored));
}

#[test]
fn a_claim_that_had_landed_is_ones_own() {
    let running = record(RecordState::InFlight { lease_until: at(100) });
    let mut ask = asked(at(1));
    ask.token = running.token;
    assert_eq!(decide(&running, &ask), Verdict::Own);
}
