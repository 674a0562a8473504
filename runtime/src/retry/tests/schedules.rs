//! Pauses that the user computes.

use std::time::Duration;

use proptest::prelude::*;

use super::{ended, ms};
use crate::kinds::{Ended, Ending};
use crate::retry::decision::{Failed, Scheduled, Verdict, Why, decide};
use crate::retry::{Jitter, RetryPolicy, Schedule};

fn failed(attempt: u32, scheduled: Scheduled, retry_after: Option<Duration>) -> Failed {
    let ended = Ended { retry_after, ..ended(Ending::Transient) };
    Failed { attempt, elapsed: Duration::ZERO, ended, previous: None, scheduled: Some(scheduled), random: 0.5 }
}

fn never() -> RetryPolicy {
    RetryPolicy::new("test").schedule(&std::iter::empty::<Duration>)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// What a schedule says, cut where that was asked for, in the time that is left.
    #[test]
    fn a_schedules_pause_is_taken_as_it_is_within_the_limits(
        pause in any::<u64>(),
        (cap, wait) in (prop::option::of(1..u64::MAX), prop::option::of(any::<u64>())),
        (limit, attempt, attempts) in (1_u64..100_000, 1_u32..5000, 1_u32..5000),
    ) {
        let mut policy = never().max_attempts(attempts).max_elapsed(ms(limit));
        if let Some(cap) = cap {
            policy = policy.max_delay(ms(cap));
        }
        let verdict = decide(policy.in_force(), false, &failed(attempt, Scheduled::Pause(ms(pause)), wait.map(ms)));
        let expected = wait.unwrap_or(cap.map_or(pause, |cap| pause.min(cap)));
        prop_assert_eq!(verdict, match () {
            () if attempt >= attempts => Verdict::Stop(Why::Attempts),
            () if expected >= limit => Verdict::Stop(Why::Time),
            () => Verdict::Again(ms(expected)),
        });
        let over = decide(policy.in_force(), false, &failed(attempt, Scheduled::Over, wait.map(ms)));
        prop_assert!(matches!(over, Verdict::Stop(Why::Schedule | Why::Attempts)));
    }

    /// Whatever the jitter, the factor and the pause before: no computed pause is beyond the cap.
    #[test]
    fn no_jitter_goes_beyond_the_cap(
        (first, factor, cap) in (0_u64..u64::MAX, 1.0..1000.0_f64, 1_u64..u64::MAX),
        jitter in prop::sample::select(vec![Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated]),
        (attempt, previous, random) in (1_u32..3000, any::<u64>(), 0.0..=1.0_f64),
    ) {
        let policy = RetryPolicy::new("test")
            .max_attempts(u32::MAX)
            .delay(ms(first.min(cap)))
            .backoff(factor)
            .max_delay(ms(cap))
            .jitter(jitter)
            .no_max_elapsed();
        let failed = Failed { previous: Some(ms(previous)), scheduled: None, random, ..failed(attempt, Scheduled::Over, None) };
        let Verdict::Again(pause) = decide(policy.in_force(), false, &failed) else { panic!("it always goes on") };
        prop_assert!(pause <= ms(cap), "{pause:?}");
    }
}

#[test]
fn a_closure_and_its_registry_name() {
    let schedule: &dyn Schedule = &|| [ms(1), ms(2)];
    assert_eq!(schedule.pauses().collect::<Vec<_>>(), [ms(1), ms(2)]);
    assert!(schedule.name().contains("a_closure_and_its_registry_name"));
}

#[test]
fn it_stands_alone() {
    assert_eq!(never().try_delay(ms(1)).unwrap_err().setting(), "delay");
    assert_eq!(never().try_backoff(3.0).unwrap_err().setting(), "backoff");
    assert_eq!(never().try_delays(&[Duration::ZERO]).unwrap_err().setting(), "delays");
    assert_eq!(never().try_jitter(Jitter::Full).unwrap_err().setting(), "jitter");
    assert!(never().try_max_delay(ms(1)).is_ok());
    let empty: &'static dyn Schedule = &std::iter::empty::<Duration>;
    assert_eq!(RetryPolicy::new("x").jitter(Jitter::None).try_schedule(empty).unwrap_err().setting(), "schedule");
}

/// `backon` adds its jitter after its own cap: with one of 5 s it pauses for up to twice that. Under our
/// cap it does not.
#[cfg(feature = "backon")]
#[test]
fn the_builders_of_backon_stay_under_our_cap() {
    use backon::{ConstantBuilder, ExponentialBuilder, FibonacciBuilder};
    static EXPONENTIAL: ExponentialBuilder =
        ExponentialBuilder::new().with_min_delay(ms(5000)).with_max_delay(ms(5000)).with_max_times(1000).with_jitter();
    static FIBONACCI: FibonacciBuilder = FibonacciBuilder::new().with_max_times(3);
    static CONSTANT: ConstantBuilder = ConstantBuilder::new().with_delay(ms(70));

    let policy =
        RetryPolicy::new("test").schedule(&EXPONENTIAL).max_delay(ms(5000)).max_attempts(2000).no_max_elapsed();
    let (mut beyond, mut pauses) = (0, 0);
    for said in EXPONENTIAL.pauses() {
        beyond += u32::from(said > ms(5000));
        pauses += 1;
        let verdict = decide(policy.in_force(), false, &failed(1, Scheduled::Pause(said), None));
        assert_eq!(verdict, Verdict::Again(ms(5000)));
    }
    assert!(pauses == 1000 && beyond > 900, "{beyond} of {pauses}");
    assert_eq!(FIBONACCI.pauses().map(|pause| pause.as_secs()).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(CONSTANT.pauses().next(), Some(ms(70)));
}

#[cfg(feature = "backoff")]
#[test]
fn a_backoff_is_reset_for_each_call() {
    use backoff::backoff::Backoff;
    use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

    use crate::retry::pauses_of;

    let mut used: ExponentialBackoff = ExponentialBackoffBuilder::new()
        .with_initial_interval(ms(10))
        .with_multiplier(2.0)
        .with_randomization_factor(0.0)
        .build();
    used.next_backoff();
    used.next_backoff();
    for _ in 0..2 {
        assert_eq!(used.pauses().take(3).collect::<Vec<_>>(), [ms(10), ms(20), ms(40)]);
    }
    assert_eq!(pauses_of(backoff::backoff::Stop {}).next(), None);
}
