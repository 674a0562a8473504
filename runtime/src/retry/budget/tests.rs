use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::decision::{Calls, Limits, PARTS, Retries};
use super::{RetryBudget, RetryBudgetConfig};
use crate::registry::{Describe, Operation, State};
use crate::scope::Fresh;
use crate::{ConfigureError, clock};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn limits(percent: u32, min_per_second: u32, window: Duration) -> Limits {
    Limits { ratio: f64::from(percent) / 100.0, min_per_second, window }
}

/// A budget in plain words: every call and every retry with its part of the window, counted anew each
/// time, in whole hundredths of a retry.
#[derive(Default)]
struct Model {
    calls: VecDeque<u64>,
    retries: VecDeque<u64>,
}

impl Model {
    fn part(time: Duration, window: Duration) -> u64 {
        (time.as_nanos() / (window.as_nanos() / u128::from(PARTS))) as u64
    }

    fn within(events: &mut VecDeque<u64>, now: u64) -> u64 {
        events.retain(|part| now - part < u64::from(PARTS));
        events.len() as u64
    }

    fn take(&mut self, now: u64, percent: u64, reserve: u64) -> bool {
        let allowed = Self::within(&mut self.calls, now) * percent / 100 + reserve;
        let left = Self::within(&mut self.retries, now) < allowed;
        if left {
            self.retries.push_back(now);
        }
        left
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn it_decides_as_the_model_does(
        (percent, per_second, seconds) in (0_u32..200, 0_u32..3, 1_u64..20),
        events in prop::collection::vec((0_u64..3_000, any::<bool>(), 1_u32..6), 1..120),
    ) {
        let limits = limits(percent, per_second, Duration::from_secs(seconds));
        let (calls, mut retries, mut model) = (Calls::new(), Retries::new(), Model::default());
        let mut now = Duration::ZERO;
        for (passed, is_call, times) in events {
            now += ms(passed);
            let (part, plain) = (limits.part(now), Model::part(now, limits.window));
            for _ in 0..times {
                if is_call {
                    calls.add(part);
                    model.calls.push_back(plain);
                } else {
                    let taken = retries.take(part, limits.retries(calls.sum(part)));
                    prop_assert_eq!(taken, model.take(plain, u64::from(percent), u64::from(per_second) * seconds));
                }
            }
        }
    }

    #[test]
    fn no_time_and_no_count_is_too_large(
        times in prop::collection::vec(any::<u64>(), 1..40),
        window in 1_u64..u64::MAX / 2,
        ratio in 0.0..=1000.0_f64,
    ) {
        let limits = Limits { ratio, min_per_second: u32::MAX, window: Duration::from_secs(window) };
        let (calls, mut retries) = (Calls::new(), Retries::new());
        for nanos in times {
            let part = limits.part(Duration::from_nanos(nanos));
            calls.add(part);
            retries.take(part, limits.retries(calls.sum(part)));
        }
        limits.retries(u64::MAX);
        limits.part(Duration::MAX);
    }
}

#[test]
fn a_fraction_costs_no_whole_retry() {
    assert_eq!(limits(29, 0, ms(1000)).retries(100), 29);
    assert_eq!(limits(10, 0, ms(1000)).retries(9), 0);
    assert_eq!(limits(0, 3, ms(1500)).retries(0), 4);
}

#[test]
fn calls_of_many_threads_are_all_counted() {
    let calls = Calls::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10_000).for_each(|n| calls.add(n / 2_000)));
        }
    });
    assert_eq!(calls.sum(4), 40_000);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_comes_back_when_it_no_longer_counts() {
    let budget = RetryBudget::new("test").ratio(0.0).min_per_second(1).window(ms(2000));
    assert!(budget.withdraw(clock::mono(), "call") && budget.withdraw(clock::mono(), "call"));
    assert!(!budget.withdraw(clock::mono(), "call"));
    assert_eq!(budget.available(), 0);
    tokio::time::advance(ms(1999)).await;
    assert!(!budget.withdraw(clock::mono(), "call"));
    tokio::time::advance(ms(1)).await;
    assert_eq!(budget.available(), 2);
    assert!(budget.withdraw(clock::mono(), "call"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_steps_back_changes_nothing_for_the_worse() {
    let budget = RetryBudget::new("test").ratio(1.0).min_per_second(0);
    let now = clock::mono();
    budget.deposit(now);
    budget.deposit(now + ms(5000));
    budget.deposit(now - ms(5000));
    assert_eq!(budget.available(), 3);
    assert!((0..3).all(|_| budget.withdraw(now, "call")));
    assert!(!budget.withdraw(now + ms(100), "call"));
}

#[test]
fn settings_that_cannot_be_right_are_refused() {
    let budget = || RetryBudget::new("test");
    for ratio in [-0.1, f64::NAN, f64::INFINITY, 1000.1] {
        assert_eq!(budget().try_ratio(ratio).unwrap_err().setting(), "ratio");
    }
    assert_eq!(budget().try_window(ms(999)).unwrap_err().setting(), "window");
    assert_eq!(budget().ratio(0.0).try_min_per_second(0).unwrap_err().setting(), "min_per_second");
    assert_eq!(budget().min_per_second(0).try_ratio(0.0).unwrap_err().setting(), "ratio");
}

#[tokio::test(start_paused = true)]
async fn settings_from_outside_are_checked_together_and_taken_once() {
    let configure = |budget: &RetryBudget, json| Describe::configure(budget, &json);
    let budget = RetryBudget::new("test").ratio(0.0);
    let error = configure(&budget, serde_json::json!({ "min_per_second": 0 })).unwrap_err();
    assert!(matches!(&error, ConfigureError::Policy(error) if error.setting() == "min_per_second"));
    let error = configure(&budget, serde_json::json!({ "window": "10ms" })).unwrap_err();
    assert!(error.to_string().starts_with("`window`"));
    assert!(configure(&budget, serde_json::json!({ "ratoi": 1 })).is_err());

    // Each is right only beside the other.
    assert_eq!(configure(&budget, serde_json::json!({ "min_per_second": "0", "ratio": "0.5" })), Ok(()));
    assert_eq!(configure(&budget, serde_json::json!({})), Err(ConfigureError::Again));
    assert_eq!((budget.settings()["ratio"].as_str(), budget.settings()["min_per_second"].as_str()), ("0.5", "0"));
    assert_eq!(budget.available(), 0);
}

#[test]
fn a_config_is_read_back_as_it_was_written() {
    let config = RetryBudgetConfig { ratio: Some(0.25), min_per_second: Some(3), window: Some(ms(1500)) };
    let json = serde_json::to_value(&config).unwrap();
    assert_eq!(json, serde_json::json!({ "ratio": 0.25, "min_per_second": 3, "window": "1s 500ms" }));
    assert_eq!(serde_json::from_value::<RetryBudgetConfig>(json).unwrap(), config);
}

#[test]
fn an_operator_may_clear_it_and_a_fresh_one_has_its_settings_only() {
    let budget = RetryBudget::new("test").ratio(1.0).min_per_second(0);
    let now = Instant::now();
    budget.deposit(now);
    assert!(budget.withdraw(now, "call"));
    let state = |calls, retries, available| Some(State::RetryBudget { name: "test", calls, retries, available });
    assert_eq!(Describe::state(&budget), state(1, 1, 0));
    assert_eq!(Describe::state(&budget.fresh()), state(0, 0, 0));
    assert_eq!(budget.fresh().settings(), budget.settings());
    assert!(!budget.operate(Operation::Reset));
    assert!(budget.operate(Operation::Clear));
    assert_eq!(Describe::state(&budget), state(0, 0, 0));
}
