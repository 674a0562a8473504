//! The map against a plain one, with a policy that is only a time to live.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::{Keyed, KeyedSlot, PerKey};
use crate::key::{ByRef, ByValue, Lone};
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::Fresh;

/// A key is in use until its time.
struct Lease;

#[derive(Debug, PartialEq)]
struct Held {
    until: Option<Instant>,
    calls: u32,
}

impl Fresh for Lease {
    fn fresh(&self) -> Self {
        Self
    }
}

impl Describe for Lease {
    fn name(&self) -> &'static str {
        "lease"
    }

    fn settings(&self) -> Settings {
        Settings::new()
    }
}

impl PerKey for Lease {
    type State = Held;
    type Own = ();
    const MAX_KEYS: u32 = 8;

    fn new_state(&self) -> Held {
        Held { until: None, calls: 0 }
    }

    fn idle_in(&self, state: &Held, _own: Option<()>, now: Instant) -> Option<Duration> {
        Some(state.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now)))
    }

    fn busy(state: &Held) -> u64 {
        u64::from(state.calls > 1)
    }

    fn clear(_: &mut Held) -> bool {
        true
    }
}

/// Uses a key until then; how often it was used since it is there.
fn hold(keyed: &Keyed<String, Lease>, key: &str, now: Instant, until: Instant) -> Option<u32> {
    let step = |held: &mut Held, _: Option<&()>| {
        held.until = held.until.max(Some(until));
        held.calls += 1;
        held.calls
    };
    keyed.view().with(&Lone(ByRef(key)), || now, step).ok()
}

proptest! {
    /// A key in use is never forgotten, there are never more than may be, and a new key is only
    /// refused when all are in use (or were, a moment before: the map rests between sweeps).
    #[test]
    fn a_key_in_use_stays_and_an_idle_one_makes_room(
        events in prop::collection::vec((0_u32..40, 0_u64..50, 0_u64..30), 1..300),
        max_keys in 1_u32..12,
    ) {
        let keyed = Keyed::<String, _>::new(Lease).max_keys(max_keys);
        let mut model: HashMap<String, (Instant, u32)> = HashMap::new();
        let mut now = Instant::now();
        for (key, lasts, pause) in events {
            // Longer than a full map rests.
            now += Duration::from_millis(pause) + Duration::from_micros(20);
            let (key, until) = (key.to_string(), now + Duration::from_millis(lasts));
            let in_use = model.values().filter(|(until, _)| *until > now).count();
            let known = model.get(&key).copied();
            match hold(&keyed, &key, now, until) {
                Some(calls) => {
                    let counted = known.filter(|(until, before)| *until > now || calls > *before);
                    prop_assert_eq!(calls, counted.map_or(0, |(_, calls)| calls) + 1);
                    let until = counted.map_or(until, |(before, _)| before.max(until));
                    model.insert(key, (until, calls));
                }
                None => {
                    prop_assert!(known.is_none_or(|(until, _)| until <= now));
                    prop_assert_eq!(in_use, max_keys as usize);
                    model.remove(&key);
                }
            }
            prop_assert!(keyed.len() <= max_keys as usize);
        }
    }
}

#[test]
fn what_is_kept_follows_what_is_in_use() {
    let keyed = Keyed::<u64, _>::new(Lease).max_keys(1_000_000);
    let start = Instant::now();
    let mut most = 0;
    for call in 0..200_000_u64 {
        let now = start + Duration::from_micros(call);
        let until = now + Duration::from_millis(1); // a thousand keys are in use at any time
        let held = keyed.view().with(&Lone(ByValue(&call)), || now, |held, _| held.until = Some(until));
        assert!(held.is_ok());
        most = most.max(keyed.len());
    }
    assert!(most < 3_000, "{most} keys of one thousand in use");
}

#[test]
fn a_full_map_says_when_a_key_is_free() {
    let keyed = Keyed::<String, _>::new(Lease).max_keys(2);
    let now = Instant::now();
    let after = |millis| now + Duration::from_millis(millis);
    assert_eq!((hold(&keyed, "a", now, after(50)), hold(&keyed, "b", now, after(20))), (Some(1), Some(1)));
    let full = keyed.view().with(&Lone(ByRef("c")), || now, |_, _| ()).unwrap_err();
    assert_eq!(full.retry_after, Duration::from_millis(20));
    assert_eq!(hold(&keyed, "c", after(19), after(30)), None);
    assert_eq!(hold(&keyed, "c", after(20), after(30)), Some(1));
    assert_eq!(hold(&keyed, "a", after(20), after(30)), Some(2));
}

#[test]
fn keys_of_two_types_in_one_slot_are_apart() {
    let slot = KeyedSlot::new(Lease);
    let count = |held: &mut Held, _: Option<&()>| {
        held.calls += 1;
        held.calls
    };
    let text = || slot.view::<String>().with(&Lone(ByRef("1")), Instant::now, count).ok();
    let number = || slot.view::<u64>().with(&Lone(ByValue(&1)), Instant::now, count).ok();
    assert_eq!((text(), text(), number()), (Some(1), Some(2), Some(1)));
    assert_eq!(slot.state(), Some(State::Keyed { keys: 2, busy: 1 }));
    assert!(slot.operate(Operation::Clear));
    assert_eq!((text(), slot.state()), (Some(1), Some(State::Keyed { keys: 1, busy: 0 })));
}

#[test]
fn a_key_made_by_a_step_that_panics_counts_once() {
    let keyed = Keyed::<String, _>::new(Lease).max_keys(2);
    for _ in 0..5 {
        let step = |_: &mut Held, _: Option<&()>| -> () { std::panic::panic_any(()) };
        let call = std::panic::AssertUnwindSafe(|| keyed.view().with(&Lone(ByRef("a")), Instant::now, step));
        assert!(std::panic::catch_unwind(call).is_err());
        assert_eq!(keyed.len(), 1);
    }
}
