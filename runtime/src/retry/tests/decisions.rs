use std::time::Duration;

use proptest::prelude::*;

use super::{ended, ms};
use crate::kinds::{Ended, Ending};
use crate::retry::decision::{self, Failed, Verdict, Why};
use crate::retry::{Jitter, RetryPolicy};

const ENDINGS: [Ending; 10] = [
    Ending::Transient,
    Ending::Terminal,
    Ending::Unknown,
    Ending::Refused,
    Ending::Open,
    Ending::Limited,
    Ending::Full,
    Ending::TimedOut,
    Ending::Unrecorded,
    Ending::Final,
];

fn decide(policy: &RetryPolicy, failed: &Failed) -> Verdict {
    decision::decide(policy.in_force(), policy.may_repeat(), failed)
}

fn exact() -> RetryPolicy {
    RetryPolicy::new("test").jitter(Jitter::None)
}

fn transient(attempt: u32) -> Failed {
    Failed {
        attempt,
        elapsed: Duration::ZERO,
        ended: ended(Ending::Transient),
        previous: None,
        scheduled: None,
        random: 0.5,
    }
}

fn asking(wait: Duration) -> Failed {
    let ended = Ended { ending: Ending::Transient, retry_after: Some(wait) };
    Failed { ended, ..transient(1) }
}

#[test]
fn each_kind_is_tried_again_as_the_table_says() {
    let again = |policy: &RetryPolicy, ending, retry_after| {
        let failed = Failed { ended: Ended { ending, retry_after }, ..transient(1) };
        matches!(decide(policy, &failed), Verdict::Again(_))
    };
    let (plain, repeatable) = (exact(), exact().repeatable());
    for ending in ENDINGS {
        let (bare, waiting, repeated) = match ending {
            Ending::Transient | Ending::Full => (true, true, true),
            Ending::Unknown | Ending::TimedOut => (false, false, true),
            Ending::Refused | Ending::Open | Ending::Limited => (false, true, false),
            Ending::Terminal | Ending::Unrecorded | Ending::Final => (false, false, false),
        };
        assert_eq!(again(&plain, ending, None), bare, "{ending:?}");
        assert_eq!(again(&plain, ending, Some(ms(1))), waiting, "{ending:?} with a wait");
        assert_eq!(again(&repeatable, ending, None), repeated, "{ending:?} repeatable");
    }
}

#[test]
fn the_first_call_counts_and_the_last_has_no_pause() {
    let policy = exact().max_attempts(3);
    assert!(matches!(decide(&policy, &transient(2)), Verdict::Again(_)));
    assert_eq!(decide(&policy, &transient(3)), Verdict::Stop(Why::Attempts));
    assert_eq!(decide(&exact().max_attempts(1), &transient(1)), Verdict::Stop(Why::Attempts));
}

#[test]
fn delays_double_up_to_the_cap() {
    let policy = exact().max_attempts(99).max_delay(ms(500));
    let pauses = [1, 2, 3, 4, 5, 60].map(|attempt| decide(&policy, &transient(attempt)));
    let expected = [100, 200, 400, 500, 500, 500];
    assert_eq!(pauses, expected.map(|millis| Verdict::Again(ms(millis))));
}

#[test]
fn a_list_of_delays_is_walked_and_its_last_repeats() {
    static DELAYS: [Duration; 2] = [ms(70), ms(7)];
    let policy = exact().max_attempts(9).delays(&DELAYS);
    let pauses = [1, 2, 3, 8].map(|attempt| decide(&policy, &transient(attempt)));
    assert_eq!(pauses, [70, 7, 7, 7].map(|millis| Verdict::Again(ms(millis))));
}

#[test]
fn a_list_of_delays_is_jittered_too() {
    static DELAYS: [Duration; 1] = [ms(100)];
    let policy = RetryPolicy::new("test").delays(&DELAYS);
    assert_eq!(decide(&policy, &transient(1)), Verdict::Again(ms(50)));
}

#[test]
fn the_failures_own_wait_replaces_the_computed_one() {
    let policy = RetryPolicy::new("test").jitter(Jitter::Full).max_delay(ms(200));
    assert_eq!(decide(&policy, &asking(ms(9_000))), Verdict::Again(ms(9_000)));
    assert_eq!(decide(&policy, &asking(Duration::ZERO)), Verdict::Again(Duration::ZERO));
}

#[test]
fn a_refusal_is_waited_for_no_longer_than_the_longest_pause() {
    static DELAYS: [Duration; 2] = [ms(300), ms(70)];
    let refused = |wait, ending| Failed { ended: Ended { ending, retry_after: Some(ms(wait)) }, ..transient(1) };
    for ending in [Ending::Refused, Ending::Open, Ending::Limited] {
        for (policy, longest) in [(exact(), 5_000), (exact().max_delay(ms(200)), 200), (exact().delays(&DELAYS), 300)] {
            assert_eq!(decide(&policy, &refused(longest, ending)), Verdict::Again(ms(longest)));
            assert_eq!(decide(&policy, &refused(longest + 1, ending)), Verdict::Stop(Why::Time));
        }
    }
}

#[test]
fn a_wait_that_does_not_fit_ends_it_at_once() {
    let policy = exact().max_elapsed(ms(1_000));
    assert_eq!(decide(&policy, &asking(ms(1_000))), Verdict::Stop(Why::Time));
    assert_eq!(decide(&policy, &asking(Duration::MAX)), Verdict::Stop(Why::Time));
    let late = Failed { elapsed: ms(901), ..transient(1) };
    assert_eq!(decide(&policy, &late), Verdict::Stop(Why::Time));
    let over = Failed { elapsed: ms(5_000), ended: asking(Duration::ZERO).ended, ..transient(1) };
    assert_eq!(decide(&policy, &over), Verdict::Stop(Why::Time));
    let endless = policy.no_max_elapsed();
    assert_eq!(decide(&endless, &asking(Duration::MAX)), Verdict::Again(Duration::MAX));
}

#[test]
fn nothing_overflows_on_attempt_two_thousand() {
    let policies = [
        exact(),
        exact().delay(Duration::ZERO),
        exact().backoff(f64::MAX),
        exact().delay(Duration::MAX),
        exact().delay(Duration::MAX).jitter(Jitter::Full),
        exact().delay(Duration::MAX).jitter(Jitter::Decorrelated),
    ];
    for policy in policies {
        let policy = policy.max_attempts(u32::MAX).no_max_elapsed();
        for attempt in [2_000, u32::MAX - 1] {
            let failed = Failed { previous: Some(Duration::MAX), random: 1.0, ..transient(attempt) };
            let expected = if policy.in_force().first_delay().is_zero() {
                Duration::ZERO
            } else {
                policy.in_force().longest_delay()
            };
            assert_eq!(decide(&policy, &failed), Verdict::Again(expected), "{policy:?}");
        }
    }
}

#[test]
fn each_jitter_spans_what_it_says() {
    let at = |jitter, random| {
        let policy = RetryPolicy::new("test").jitter(jitter);
        let failed = Failed { random, previous: Some(ms(300)), ..transient(2) };
        match decide(&policy, &failed) {
            Verdict::Again(pause) => pause,
            stop @ Verdict::Stop(_) => panic!("{stop:?}"),
        }
    };
    assert_eq!([0.0, 1.0].map(|r| at(Jitter::None, r)), [ms(200), ms(200)]);
    assert_eq!([0.0, 1.0].map(|r| at(Jitter::Full, r)), [ms(0), ms(200)]);
    assert_eq!([0.0, 1.0].map(|r| at(Jitter::Equal, r)), [ms(100), ms(200)]);
    assert_eq!([0.0, 1.0].map(|r| at(Jitter::Decorrelated, r)), [ms(100), ms(900)]);
}

#[test]
fn the_cap_holds_after_jitter() {
    let policy = RetryPolicy::new("test").jitter(Jitter::Decorrelated).max_delay(ms(500));
    let failed = Failed { random: 0.99, previous: Some(ms(500)), ..transient(2) };
    assert_eq!(decide(&policy, &failed), Verdict::Again(ms(500)));
}

/// A schedule in plain words: whole milliseconds, one multiplication at a time.
fn model(policy: &RetryPolicy, first: u64, factor: u64, cap: u64, failed: &Failed) -> Option<(f64, f64)> {
    let kind_allows = match failed.ended.ending {
        Ending::Transient | Ending::Full => true,
        Ending::Unknown | Ending::TimedOut => policy.may_repeat(),
        Ending::Refused | Ending::Open | Ending::Limited => failed.ended.retry_after.is_some(),
        Ending::Terminal | Ending::Unrecorded | Ending::Final => false,
    };
    if !kind_allows || failed.attempt >= policy.in_force().attempts() {
        return None;
    }
    if let Some(wait) = failed.ended.retry_after {
        let wait = wait.as_millis() as f64;
        let refused = matches!(failed.ended.ending, Ending::Refused | Ending::Open | Ending::Limited);
        // What is never waited for is beyond every limit.
        return Some(if refused && wait > cap as f64 { (f64::INFINITY, f64::INFINITY) } else { (wait, wait) });
    }
    let mut base = first;
    for _ in 1..failed.attempt {
        base = (base * factor).min(cap);
    }
    let (first, cap, base) = (first as f64, cap as f64, base.min(cap) as f64);
    Some(match policy.in_force().spread() {
        Jitter::None => (base, base),
        Jitter::Full => (0.0, base),
        Jitter::Equal => (base / 2.0, base),
        Jitter::Decorrelated => {
            let previous = failed.previous.map_or(first, |p| p.as_secs_f64() * 1_000.0);
            (first.min(cap), (previous * 3.0).max(first).min(cap))
        }
    })
}

fn jitters() -> impl Strategy<Value = Jitter> {
    prop::sample::select(vec![Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn it_decides_as_the_model_does(
        (first, factor, room) in (0_u64..2_000, 1_u64..5, 0_u64..10_000),
        (attempts, limit, repeatable) in (1_u32..40, 1_u64..60_000, any::<bool>()),
        jitter in jitters(),
        calls in prop::collection::vec(
            (prop::sample::select(ENDINGS.to_vec()), prop::option::of(0_u64..20_000), 0_u64..2_000, 0.0..1.0_f64),
            1..50,
        ),
    ) {
        let cap = first + room;
        let mut policy = RetryPolicy::new("test")
            .max_attempts(attempts)
            .delay(ms(first))
            .backoff(factor as f64)
            .max_delay(ms(cap))
            .jitter(jitter)
            .max_elapsed(ms(limit));
        if repeatable {
            policy = policy.repeatable();
        }
        let (mut elapsed, mut previous) = (Duration::ZERO, None);
        for (attempt, (ending, wait, took, random)) in (1..).zip(calls) {
            elapsed += ms(took);
            let ended = Ended { ending, retry_after: wait.map(ms) };
            let failed = Failed { attempt, elapsed, ended, previous, scheduled: None, random };
            let range = model(&policy, first, factor, cap, &failed);
            match (decide(&policy, &failed), range) {
                (Verdict::Again(pause), Some((low, high))) => {
                    let millis = pause.as_secs_f64() * 1_000.0;
                    prop_assert!((low - 1e-3..=high + 1e-3).contains(&millis), "{pause:?} in {low}..={high}");
                    prop_assert!(elapsed + pause < ms(limit));
                    elapsed += pause;
                    previous = Some(pause);
                }
                (Verdict::Stop(Why::Time), Some((_, high))) => {
                    prop_assert!(elapsed.as_secs_f64() * 1_000.0 + high >= limit as f64 - 1e-3);
                    break;
                }
                (Verdict::Stop(Why::Kind | Why::Attempts), None) => break,
                (verdict, range) => prop_assert!(false, "{verdict:?} where the model says {range:?}"),
            }
        }
    }
}
