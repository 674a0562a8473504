//! The core against a plain model, and the rules one by one.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::circuit_breaker::BreakerState::{self, Closed, HalfOpen, Open};
use crate::circuit_breaker::decision::{Change, Core, Outcome, Verdict};
use crate::circuit_breaker::policy::Policy;

const TIMEOUT: Duration = Duration::from_secs(10);

fn policy(failure_threshold: u32, half_open_max_calls: u32, success_threshold: u32) -> Policy {
    Policy { failure_threshold, recovery_timeout: TIMEOUT, half_open_max_calls, success_threshold }
}

/// A breaker as the documentation tells it, kept as lists of what happened.
struct Model {
    policy: Policy,
    state: BreakerState,
    opened: Instant,
    /// Outcomes since the last change of state, oldest first.
    since_change: Vec<Outcome>,
    /// Calls under way that were admitted since the last change of state.
    current: Vec<usize>,
}

impl Model {
    fn new(policy: Policy, now: Instant) -> Self {
        Self { policy, state: Closed, opened: now, since_change: Vec::new(), current: Vec::new() }
    }

    fn become_(&mut self, state: BreakerState) -> Option<Change> {
        let from = std::mem::replace(&mut self.state, state);
        self.since_change.clear();
        self.current.clear();
        Some(Change { from, to: state })
    }

    /// `Ok` with a change when admitted, `Err` with the wait when not.
    fn admit(&mut self, call: usize, now: Instant) -> Result<Option<Change>, Option<Duration>> {
        let mut change = None;
        if self.state == Open {
            let until = self.opened + TIMEOUT;
            if now < until {
                return Err(Some(until - now));
            }
            change = self.become_(HalfOpen);
        }
        if self.state == HalfOpen && self.current.len() >= self.policy.half_open_max_calls as usize {
            return Err(None);
        }
        self.current.push(call);
        Ok(change)
    }

    fn record(&mut self, call: usize, outcome: Outcome, now: Instant) -> Option<Change> {
        let place = self.current.iter().position(|&other| other == call)?;
        self.current.remove(place);
        self.since_change.push(outcome);
        let told = || self.since_change.iter().filter(|&&o| o != Outcome::Neutral);
        match self.state {
            Closed => {
                let row = told().rev().take_while(|&&o| o == Outcome::Failure).count();
                if row >= self.policy.failure_threshold as usize {
                    self.opened = now;
                    return self.become_(Open);
                }
            }
            HalfOpen if told().any(|&o| o == Outcome::Failure) => {
                self.opened = now;
                return self.become_(Open);
            }
            HalfOpen if told().count() >= self.policy.success_threshold as usize => {
                return self.become_(Closed);
            }
            _ => {}
        }
        None
    }
}

#[derive(Clone, Debug)]
enum Event {
    Call,
    /// The n-th of the calls under way ends (modulo their number).
    End(usize, Outcome),
    Pass(u64),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Success),
        4 => Just(Outcome::Failure),
        2 => Just(Outcome::Neutral),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        5 => Just(Event::Call),
        5 => (any::<usize>(), outcomes()).prop_map(|(n, outcome)| Event::End(n, outcome)),
        2 => (0..15_u64).prop_map(Event::Pass),
    ];
    prop::collection::vec(event, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_core_does_what_the_model_does(
        failures in 1..4_u32,
        probes in 1..4_u32,
        successes in 1..6_u32,
        events in events(),
    ) {
        let policy = policy(failures, probes, successes);
        let mut now = Instant::now();
        let mut core = Core::new();
        let mut model = Model::new(policy, now);
        let mut under_way: Vec<(usize, u64)> = Vec::new();

        for (call, event) in events.into_iter().enumerate() {
            match event {
                Event::Call => match (core.admit(&policy, now), model.admit(call, now)) {
                    (Verdict::Admitted { generation, change }, Ok(expected)) => {
                        prop_assert_eq!(change, expected);
                        under_way.push((call, generation));
                    }
                    (Verdict::Refused { retry_after }, Err(expected)) => {
                        prop_assert_eq!(retry_after, expected);
                    }
                    (verdict, expected) => prop_assert!(false, "{verdict:?}, not {expected:?}"),
                },
                Event::End(n, outcome) if !under_way.is_empty() => {
                    let (call, generation) = under_way.remove(n % under_way.len());
                    prop_assert_eq!(
                        core.record(&policy, generation, outcome, now),
                        model.record(call, outcome, now)
                    );
                }
                Event::End(..) => {}
                Event::Pass(seconds) => now += Duration::from_secs(seconds),
            }
            prop_assert_eq!(core.state(), model.state);
            let clean = model.state == Closed
                && !matches!(
                    model.since_change.iter().rfind(|&&o| o != Outcome::Neutral),
                    Some(Outcome::Failure)
                );
            prop_assert_eq!(core.clean().is_some(), clean);
        }
    }
}

fn admit(core: &mut Core, policy: &Policy, now: Instant) -> u64 {
    match core.admit(policy, now) {
        Verdict::Admitted { generation, .. } => generation,
        refused @ Verdict::Refused { .. } => panic!("{refused:?}"),
    }
}

fn opened(policy: &Policy, now: Instant) -> Core {
    let mut core = Core::new();
    for _ in 0..policy.failure_threshold {
        let generation = admit(&mut core, policy, now);
        core.record(policy, generation, Outcome::Failure, now);
    }
    assert_eq!(core.state(), Open);
    core
}

#[test]
fn a_neutral_outcome_does_not_break_a_row_of_failures() {
    let (policy, now) = (policy(2, 1, 1), Instant::now());
    let mut core = Core::new();
    for outcome in [Outcome::Failure, Outcome::Neutral, Outcome::Failure] {
        let generation = admit(&mut core, &policy, now);
        core.record(&policy, generation, outcome, now);
    }
    assert_eq!(core.state(), Open);
}

#[test]
fn the_told_wait_is_exact() {
    let (policy, now) = (policy(1, 1, 1), Instant::now());
    let mut core = opened(&policy, now);
    let later = now + Duration::from_millis(9_999);
    let wait = Duration::from_millis(1);
    assert_eq!(core.admit(&policy, later), Verdict::Refused { retry_after: Some(wait) });
    admit(&mut core, &policy, later + wait);
    assert_eq!(core.state(), HalfOpen);
}

#[test]
fn a_time_from_before_the_opening_waits_the_whole_timeout() {
    let (policy, now) = (policy(1, 1, 1), Instant::now());
    let mut core = opened(&policy, now + Duration::from_secs(1));
    assert_eq!(core.admit(&policy, now), Verdict::Refused { retry_after: Some(TIMEOUT) });
}

#[test]
fn no_timeout_is_too_long_or_too_short() {
    let now = Instant::now();
    for (timeout, state) in
        [(Duration::MAX, Open), (Duration::from_nanos(1), HalfOpen), (Duration::from_millis(100), HalfOpen)]
    {
        let policy = Policy { failure_threshold: 1, recovery_timeout: timeout, ..Policy::DEFAULT };
        let mut core = opened(&policy, now);
        core.admit(&policy, now + Duration::from_millis(100));
        assert_eq!(core.state(), state, "{timeout:?}");
    }
}

#[test]
fn a_late_outcome_of_an_older_half_open_does_not_free_a_place() {
    let (policy, now) = (policy(1, 2, 2), Instant::now());
    let mut core = opened(&policy, now);
    let (one, other) = (now + TIMEOUT, now + TIMEOUT * 2);
    let failing = admit(&mut core, &policy, one);
    let late = admit(&mut core, &policy, one);
    core.record(&policy, failing, Outcome::Failure, one);
    admit(&mut core, &policy, other);
    admit(&mut core, &policy, other);
    core.record(&policy, late, Outcome::Success, other);
    assert_eq!(core.admit(&policy, other), Verdict::Refused { retry_after: None });
}
