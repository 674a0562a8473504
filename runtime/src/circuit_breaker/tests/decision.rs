//! The rules of the core one by one.

use std::time::Duration;

use tokio::time::Instant;

use crate::circuit_breaker::BreakerState::{Closed, HalfOpen, Open};
use crate::circuit_breaker::decision::{At, Control, Core, Elsewhere, Ended, Outcome, Verdict};
use crate::circuit_breaker::policy::{Policy, Window};
use crate::circuit_breaker::tally::Counts;

const TIMEOUT: Duration = Duration::from_secs(10);

fn policy(failure_threshold: u32, half_open_max_calls: u32, success_threshold: u32) -> Policy {
    let failure_threshold = Some(failure_threshold);
    Policy { failure_threshold, recovery_timeout: TIMEOUT, half_open_max_calls, success_threshold, ..Policy::DEFAULT }
}

/// Nothing is counted elsewhere.
struct Nowhere;

impl Elsewhere for Nowhere {
    fn successes(&self, _: u32, _: u64) -> Counts {
        Counts::default()
    }
}

fn core() -> Core {
    Core::under(Control::Automatic)
}

fn record(core: &mut Core, policy: &Policy, generation: u32, outcome: Outcome, now: Instant) {
    let ended = Ended { outcome, slow: false, counted: false };
    core.record(policy, generation, ended, At { now, tick: 0 }, &Nowhere);
}

fn admit(core: &mut Core, policy: &Policy, now: Instant) -> u32 {
    match core.admit(policy, now) {
        Verdict::Admitted { generation, .. } => generation,
        refused => panic!("{refused:?}"),
    }
}

fn opened(policy: &Policy, now: Instant) -> Core {
    let mut core = core();
    for _ in 0..policy.row() {
        let generation = admit(&mut core, policy, now);
        record(&mut core, policy, generation, Outcome::Failure, now);
    }
    assert_eq!(core.state(), Open);
    core
}

#[test]
fn a_neutral_outcome_does_not_break_a_row_of_failures() {
    let (policy, now) = (policy(2, 1, 1), Instant::now());
    let mut core = core();
    for outcome in [Outcome::Failure, Outcome::Neutral, Outcome::Failure] {
        let generation = admit(&mut core, &policy, now);
        record(&mut core, &policy, generation, outcome, now);
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
        let policy = Policy { failure_threshold: Some(1), recovery_timeout: timeout, ..Policy::DEFAULT };
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
    record(&mut core, &policy, failing, Outcome::Failure, one);
    admit(&mut core, &policy, other);
    admit(&mut core, &policy, other);
    record(&mut core, &policy, late, Outcome::Success, other);
    assert_eq!(core.admit(&policy, other), Verdict::Refused { retry_after: None });
}

/// A breaker by rate over the last five calls, of which three must be known.
fn by_rate(failure_rate: f64) -> Policy {
    let policy = Policy::DEFAULT.failure_rate(failure_rate).and_then(|policy| policy.window(Window::Calls(5)));
    policy.and_then(|policy| policy.minimum_calls(3)).unwrap()
}

#[test]
fn below_the_minimum_the_rate_is_unknown_and_a_success_makes_it_known() {
    let (policy, now) = (by_rate(0.5), Instant::now());
    let mut core = core();
    for (outcome, state) in [(Outcome::Failure, Closed), (Outcome::Failure, Closed), (Outcome::Success, Open)] {
        let generation = admit(&mut core, &policy, now);
        record(&mut core, &policy, generation, outcome, now);
        assert_eq!(core.state(), state, "{outcome:?}");
    }
}

#[test]
fn reaching_the_rate_is_enough() {
    let (policy, now) = (by_rate(0.2), Instant::now());
    let mut core = core();
    for outcome in [Outcome::Success, Outcome::Success, Outcome::Success, Outcome::Success, Outcome::Failure] {
        assert_eq!(core.state(), Closed);
        let generation = admit(&mut core, &policy, now);
        record(&mut core, &policy, generation, outcome, now);
    }
    assert_eq!(core.state(), Open);
}

#[test]
fn each_failed_probe_makes_the_recovery_longer_and_a_closing_makes_it_short_again() {
    let seconds = Duration::from_secs;
    let policy = policy(1, 1, 1).recovery_backoff(2.0).and_then(|policy| policy.max_recovery_timeout(seconds(35)));
    let policy = policy.unwrap();
    let mut now = Instant::now();
    let mut core = opened(&policy, now);
    for wait in [10, 20, 35, 35] {
        assert_eq!(core.open_for(now), Some(seconds(wait)));
        now += seconds(wait);
        let probe = admit(&mut core, &policy, now);
        record(&mut core, &policy, probe, Outcome::Failure, now);
    }
    now += seconds(35);
    let probe = admit(&mut core, &policy, now);
    record(&mut core, &policy, probe, Outcome::Success, now);
    let generation = admit(&mut core, &policy, now);
    record(&mut core, &policy, generation, Outcome::Failure, now);
    assert_eq!(core.open_for(now), Some(seconds(10)));
}

#[test]
fn a_recovery_that_grows_without_end_ends_at_its_longest() {
    let policy = Policy { recovery_timeout: Duration::MAX, ..policy(1, 1, 1).recovery_backoff(1000.0).unwrap() };
    assert_eq!(policy.next_recovery(Duration::MAX), Duration::MAX);
    let policy = Policy::DEFAULT.recovery_backoff(1000.0).unwrap();
    assert_eq!(policy.next_recovery(Duration::MAX), Duration::from_secs(600));
}
