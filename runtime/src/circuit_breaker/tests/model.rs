//! The breaker against a plain model: the documentation's words as lists of what happened.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::circuit_breaker::BreakerState::{self, Closed, HalfOpen, Open};
use crate::circuit_breaker::decision::{Control, Outcome};
use crate::circuit_breaker::future::Ticket;
use crate::circuit_breaker::policy::{Policy, Window};
use crate::circuit_breaker::{CircuitBreaker, CircuitBreakerConfig};
use crate::clock::Granule;

const STEP: Duration = Duration::from_millis(10);
const RECOVERY: Duration = Duration::from_millis(500);
const TIME: Duration = Duration::from_secs(1);

/// A call of the present state that has ended.
struct Past {
    ended: Instant,
    outcome: Outcome,
    slow: bool,
}

/// A breaker as the documentation tells it, kept as lists of what happened.
struct Model {
    policy: Policy,
    born: Instant,
    control: Control,
    state: BreakerState,
    opened: Instant,
    wait: Duration,
    past: Vec<Past>,
    /// Calls under way that were admitted since the last change of state, with their beginnings.
    current: Vec<(usize, Instant)>,
}

impl Model {
    fn new(policy: Policy, now: Instant) -> Self {
        Self {
            policy,
            born: now,
            control: Control::Automatic,
            state: Closed,
            opened: now,
            wait: RECOVERY,
            past: Vec::new(),
            current: Vec::new(),
        }
    }

    fn become_(&mut self, state: BreakerState) {
        self.state = state;
        self.past.clear();
        self.current.clear();
    }

    fn open(&mut self, now: Instant, wait: Duration) {
        self.opened = now;
        self.wait = wait;
        self.become_(Open);
    }

    /// `Err` with the wait when it is refused.
    fn admit(&mut self, call: usize, now: Instant) -> Result<(), Option<Duration>> {
        match self.control {
            Control::ForcedOpen => return Err(None),
            Control::Disabled => return Ok(()),
            Control::Automatic | Control::MetricsOnly => {}
        }
        let refused = |wait| if self.control == Control::MetricsOnly { Ok(()) } else { Err(wait) };
        if self.state == Open {
            let until = self.opened + self.wait;
            if now < until {
                return refused(Some(until - now));
            }
            self.become_(HalfOpen);
        } else if self.state == HalfOpen && self.current.len() >= self.policy.half_open_max_calls as usize {
            return refused(None);
        }
        self.current.push((call, now));
        Ok(())
    }

    fn end(&mut self, call: usize, outcome: Outcome, now: Instant) {
        let Some(place) = self.current.iter().position(|&(other, _)| other == call) else { return };
        let (_, began) = self.current.remove(place);
        let limit = self.policy.rate.and_then(|rate| rate.slow_call);
        let slow = outcome != Outcome::Refused && limit.is_some_and(|limit| now - began >= limit);
        self.past.push(Past { ended: now, outcome, slow });
        let taught = slow || matches!(outcome, Outcome::Success | Outcome::Failure);
        match self.state {
            Closed if taught && self.trips(now) => self.open(now, RECOVERY),
            HalfOpen if slow || outcome == Outcome::Failure => {
                let backoff = self.policy.recovery_backoff.unwrap_or(1.0);
                let longer = self.wait.mul_f64(backoff).min(STEP * 170);
                self.open(now, longer);
            }
            HalfOpen => {
                let successes = self.past.iter().filter(|past| past.outcome == Outcome::Success).count();
                if successes >= self.policy.success_threshold as usize {
                    self.become_(Closed);
                }
            }
            _ => {}
        }
    }

    fn trips(&self, now: Instant) -> bool {
        let Some(rate) = self.policy.rate else {
            let told =
                self.past.iter().rev().filter(|past| !matches!(past.outcome, Outcome::Neutral | Outcome::Refused));
            return told.take_while(|past| past.outcome == Outcome::Failure).count() >= self.policy.row() as usize;
        };
        let calls =
            self.past.iter().filter(|past| past.slow || matches!(past.outcome, Outcome::Success | Outcome::Failure));
        let tenth = |at: Instant| (at - self.born).as_nanos() / (TIME.as_nanos() / 10);
        let window: Vec<&Past> = match rate.window {
            Window::Time(_) => calls.filter(|past| tenth(past.ended) + 10 > tenth(now)).collect(),
            Window::Calls(most) => calls.rev().take(most as usize).collect(),
        };
        let share = |of: fn(&Past) -> bool| window.iter().filter(|past| of(past)).count() as f64 / window.len() as f64;
        window.len() >= rate.minimum_calls() as usize
            && (share(|past| past.outcome == Outcome::Failure) >= rate.failure_rate
                || rate.slow_call.is_some() && share(|past| past.slow) >= rate.slow_rate())
    }

    fn put(&mut self, control: Control) {
        self.control = control;
        self.become_(Closed);
    }

    fn told(&self) -> BreakerState {
        match self.control {
            Control::Automatic => self.state,
            Control::ForcedOpen => BreakerState::ForcedOpen,
            Control::Disabled => BreakerState::Disabled,
            Control::MetricsOnly => BreakerState::MetricsOnly,
        }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Call,
    /// The n-th of the calls under way ends (modulo their number): a dropped one is neutral, one that
    /// panics has failed.
    End(usize, Outcome),
    Pass(u32),
    Put(Control),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        5 => Just(Outcome::Success),
        4 => Just(Outcome::Failure),
        2 => Just(Outcome::Neutral),
        1 => Just(Outcome::Refused),
    ]
}

fn controls() -> impl Strategy<Value = Control> {
    prop_oneof![
        Just(Control::Automatic),
        Just(Control::ForcedOpen),
        Just(Control::Disabled),
        Just(Control::MetricsOnly),
        Just(Control::Automatic),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        24 => Just(Event::Call),
        24 => (any::<usize>(), outcomes()).prop_map(|(n, outcome)| Event::End(n, outcome)),
        8 => (0..9_u32).prop_map(Event::Pass),
        4 => (9..140_u32).prop_map(Event::Pass),
        1 => controls().prop_map(Event::Put),
    ];
    prop::collection::vec(event, 1..150)
}

/// Settings of both kinds, and of both windows.
fn policies() -> impl Strategy<Value = Policy> {
    let kind = prop_oneof![
        2 => (1..4_u32).prop_map(|row| CircuitBreakerConfig { failure_threshold: Some(row), ..Default::default() }),
        3 => rates(Just(Window::Time(TIME))),
        3 => rates((5..12_u32).prop_map(Window::Calls)),
    ];
    (kind, 1..4_u32, 1..5_u32, prop::option::of(Just(2.0))).prop_map(|(kind, probes, successes, backoff)| {
        let config = CircuitBreakerConfig {
            recovery_timeout: Some(RECOVERY),
            recovery_backoff: backoff,
            max_recovery_timeout: backoff.map(|_| STEP * 170),
            half_open_max_calls: Some(probes),
            success_threshold: Some(successes),
            ..kind
        };
        config.over(Policy::DEFAULT).unwrap()
    })
}

fn rates(window: impl Strategy<Value = Window>) -> impl Strategy<Value = CircuitBreakerConfig> {
    let shares = || prop_oneof![Just(0.1), Just(0.3), Just(0.5), Just(1.0)];
    (window, 1..5_u32, shares(), prop::option::of((8..40_u32, shares()))).prop_map(
        |(window, minimum, failures, slow)| CircuitBreakerConfig {
            failure_rate: Some(failures),
            window: Some(window),
            minimum_calls: Some(minimum),
            slow_call: slow.map(|(after, _)| STEP * after),
            slow_rate: slow.map(|(_, share)| share),
            ..Default::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_breaker_does_what_the_model_does(policy in policies(), events in events()) {
        let mut now = Instant::now();
        let breaker = CircuitBreaker::of("gateway", policy);
        let mut model = Model::new(policy, now);
        breaker.stripes(now);
        let mut under_way: Vec<(usize, Ticket)> = Vec::new();

        for (call, event) in events.into_iter().enumerate() {
            match event {
                Event::Call => {
                    let admitted = match breaker.pass() {
                        Some(generation) => Ok(Ticket { generation, started: 0 }),
                        None => breaker.admit_at(|_| {}, || now),
                    };
                    let admitted = admitted.map_err(|refused| refused.retry_after());
                    prop_assert_eq!(&admitted.map(|_| ()), &model.admit(call, now));
                    if let Ok(ticket) = admitted {
                        under_way.push((call, ticket));
                    }
                }
                Event::End(n, outcome) if !under_way.is_empty() => {
                    let (call, ticket) = under_way.remove(n % under_way.len());
                    if !breaker.changes_nothing(ticket.generation, outcome) {
                        // Of every third we do not know it. It is as long as the window's parts, so that the
                        // model need not know of it.
                        let granule = Granule::of(if call % 3 == 0 { 0 } else { breaker.tick(&policy, now) + 1 });
                        breaker.learn_at(ticket, outcome, || granule, || now);
                    }
                    model.end(call, outcome, now);
                }
                Event::End(..) => {}
                Event::Pass(steps) => now += STEP * steps,
                Event::Put(control) => {
                    breaker.update(|core| core.put(control));
                    model.put(control);
                }
            }
            prop_assert_eq!(breaker.state(), model.told());
            if model.control == Control::MetricsOnly {
                prop_assert_eq!(breaker.read(|core| core.would_be()), Some(model.state));
            }
        }
    }
}
