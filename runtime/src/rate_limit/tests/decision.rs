//! Both ways to count against plain models.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::support::{Bucket, Core, List, Model, NANO, cost, pause};
use crate::rate_limit::Quota;
use crate::rate_limit::books::{Books, Tally};

const PERIOD: Duration = Duration::from_nanos(1_000);

/// Calls of all costs come one after the other; each is answered as the model answers it, the wait
/// behind any line included.
fn same<B: Books, M: Model>(
    core: &mut Core<B>,
    model: &mut M,
    most: u32,
    ahead: &[u32],
    calls: Vec<(Duration, u32)>,
    start: Instant,
) -> Result<(), TestCaseError> {
    let ahead: Vec<_> = ahead.iter().map(|cost| (*cost).min(most)).collect();
    let mut now = start;
    for (pause, cost) in calls {
        let cost = cost.min(most);
        now += pause;
        let tickets = core.join(&ahead);
        let mut in_turn = ahead.clone();
        in_turn.push(cost);
        prop_assert_eq!(core.wait(cost, now), model.wait_in_turn(&in_turn, now));
        if let (Some(last), [before @ .., own]) = (tickets.last(), &ahead[..]) {
            in_turn = before.to_vec();
            in_turn.push(*own);
            prop_assert_eq!(core.wait_before(*last, *own, now), model.wait_in_turn(&in_turn, now));
        }
        for ticket in tickets {
            core.books.page_mut().line.leave(ticket);
        }
        match core.admit(cost, now) {
            Ok(()) => {
                prop_assert!(model.may(cost, now));
                model.take(cost, now);
            }
            Err(wait) => {
                prop_assert!(!model.may(cost, now));
                prop_assert_eq!(wait, model.wait(cost, now));
            }
        }
    }
    Ok(())
}

fn calls() -> impl Strategy<Value = Vec<(Duration, u32)>> {
    prop::collection::vec((pause(), cost()), 1..150)
}

fn calls_of_one() -> impl Strategy<Value = Vec<(Duration, u32)>> {
    prop::collection::vec((pause(), Just(1)), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_window_does_what_the_list_does(
        max_calls in 1..8_u32,
        ahead in prop::collection::vec(cost(), 0..12),
        calls in calls(),
    ) {
        let (mut core, mut list) = (Core::new(Quota::window(max_calls, PERIOD)), List::new(max_calls, PERIOD));
        let start = Instant::now();
        same(&mut core, &mut list, max_calls, &ahead, calls.clone(), start)?;
        let end = start + calls.iter().map(|(pause, _)| *pause).sum::<Duration>();
        prop_assert_eq!(core.books.page.window.within(PERIOD, end), list.within(end));
    }

    /// Where each costs one, the wait is computed in another way.
    #[test]
    fn so_it_does_where_each_call_costs_one(
        max_calls in 1..8_u32,
        ahead in 0..30_usize,
        calls in calls_of_one(),
    ) {
        let (mut core, mut list) = (Core::new(Quota::window(max_calls, PERIOD)), List::new(max_calls, PERIOD));
        same(&mut core, &mut list, max_calls, &vec![1; ahead], calls, Instant::now())?;
    }

    #[test]
    fn the_rate_does_what_the_bucket_does(
        interval in 1..500_u64,
        burst in 1..6_u32,
        ahead in prop::collection::vec(cost(), 0..12),
        calls in calls(),
    ) {
        let start = Instant::now();
        let quota = Quota::rate(1, Duration::from_nanos(interval), burst);
        let mut bucket = Bucket::full(interval, burst, start);
        same(&mut Core::new(quota), &mut bucket, burst, &ahead, calls.clone(), start)?;
        let mut bucket = Bucket::full(interval, burst, start);
        same(&mut Core::with(quota, Tally::default()), &mut bucket, burst, &ahead, calls, start)?;
    }

    /// It is the same algorithm, and has the same answers to the nanosecond.
    #[test]
    fn the_rate_decides_as_governor_does(interval in 1..500_u64, burst in 1..6_u32, calls in calls()) {
        use governor::clock::{Clock, FakeRelativeClock};
        let clock = FakeRelativeClock::default();
        let quota = governor::Quota::with_period(Duration::from_nanos(interval)).unwrap();
        let quota = quota.allow_burst(NonZeroU32::new(burst).unwrap());
        let theirs = governor::RateLimiter::direct_with_clock(quota, clock.clone());
        let mut ours = Core::new(Quota::rate(1, Duration::from_nanos(interval), burst));
        let mut now = Instant::now();
        ours.wait(1, now); // it counts from when it is first asked
        for (pause, cost) in calls {
            now += pause;
            clock.advance(pause);
            let answer = theirs.check_n(NonZeroU32::new(cost).unwrap());
            let Ok(answer) = answer else {
                prop_assert!(cost > ours.quota.most());
                continue;
            };
            let wait = answer.map(|_| ()).map_err(|until| until.wait_time_from(clock.now()));
            prop_assert_eq!(ours.admit(cost, now), wait);
        }
    }

    /// Callers who read the clock and then were slow to take the lock.
    #[test]
    fn late_readings_of_the_clock_do_not_break_the_promise(
        max_calls in 1..8_u32,
        readings in prop::collection::vec((0..400_u64, 0..300_u64), 1..150),
    ) {
        let mut core = Core::new(Quota::window(max_calls, PERIOD));
        let (mut clock, mut admitted) = (Instant::now() + PERIOD, Vec::<Instant>::new());
        for (step, late) in readings {
            clock += Duration::from_nanos(step);
            let read = clock - Duration::from_nanos(late);
            let within = admitted.iter().filter(|&&at| clock < at + PERIOD).count();
            prop_assert_eq!(core.books.page.window.within(PERIOD, clock), within as u64);
            match core.admit(1, read) {
                Ok(()) => {
                    let last = admitted.last().copied().unwrap_or(read);
                    admitted.push(read.max(last));
                }
                Err(wait) => {
                    let back = read + wait;
                    prop_assert!(core.wait(1, back - NANO) > Duration::ZERO);
                    prop_assert_eq!(core.wait(1, back), Duration::ZERO);
                }
            }
        }
        for pair in admitted.windows(max_calls as usize + 1) {
            prop_assert!(pair[max_calls as usize] - pair[0] >= PERIOD);
        }
    }

    /// What was let through under the old limit counts under the new one.
    #[test]
    fn a_limit_may_grow_and_shrink(
        limits in prop::collection::vec((1..8_u32, 1..40_usize), 1..10),
        calls in calls(),
    ) {
        let mut core = Core::new(Quota::window(1, PERIOD));
        let mut list = List::new(1, PERIOD);
        let mut limits = limits.into_iter().flat_map(|(limit, calls)| std::iter::repeat_n(limit, calls)).cycle();
        let mut now = Instant::now();
        for (pause, cost) in calls {
            list.max_calls = limits.next().unwrap();
            core.quota = Quota::window(list.max_calls, PERIOD);
            now += pause;
            let cost = cost.min(list.max_calls);
            prop_assert_eq!(core.wait(cost, now), list.wait(cost, now));
            prop_assert_eq!(core.admit(cost, now).is_ok(), list.may(cost, now));
            if list.may(cost, now) {
                list.take(cost, now);
            }
        }
    }
}

#[test]
fn the_window_holds_no_more_than_it_needs() {
    let mut core = Core::new(Quota::window(1_000_000, PERIOD));
    let mut now = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(core.admit(1, now), Ok(()));
        now += PERIOD / 3;
    }
    let capacity = core.books.page.window.capacity();
    assert!(capacity <= 32, "{capacity}");

    let mut core = Core::new(Quota::window(100, PERIOD));
    for _ in 0..1_000 {
        let _ = core.admit(1, now);
    }
    assert_eq!(core.books.page.window.capacity(), 100);
}

#[test]
fn no_period_is_too_long() {
    let (mut core, now) = (Core::new(Quota::window(2, Duration::MAX)), Instant::now());
    assert_eq!(core.admit(2, now), Ok(()));
    assert_eq!(core.admit(1, now), Err(Duration::MAX));
    core.join(&[1, 1, 2, 1, 1, 1, 1]);
    assert_eq!(core.wait(1, now), Duration::MAX);
}

#[test]
fn a_rate_survives_a_clock_that_runs_for_centuries() {
    let hundred_years = Duration::from_secs(100 * 365 * 24 * 3600);
    let (mut core, mut now) = (Core::new(Quota::rate(1, hundred_years, 1)), Instant::now());
    assert_eq!(core.admit(1, now), Ok(()));
    assert_eq!(core.admit(1, now), Err(hundred_years));
    core.join(&[u32::MAX; 3]);
    for _ in 0..8 {
        now += hundred_years;
        let taken = core.pass(1, now);
        let _ = core.wait(u32::MAX, now);
        if let Some(taken) = taken {
            core.refund(1, taken, now);
        }
    }
}
