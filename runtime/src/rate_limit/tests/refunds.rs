//! What is given back, and that nobody gains by it.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::support::{Core, List, Model, cost, pause};
use crate::rate_limit::Quota;
use crate::rate_limit::books::{Books, Taken, Tally, idle_in};

const PERIOD: Duration = Duration::from_nanos(1_000);

/// Calls, after each of which one of those let through may be given back.
fn events() -> impl Strategy<Value = Vec<(Duration, u32, Option<prop::sample::Index>)>> {
    prop::collection::vec((pause(), cost(), prop::option::of(any::<prop::sample::Index>())), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A window is then as if the call had never come, whatever came after it.
    #[test]
    fn a_window_forgets_exactly_that_call(max_calls in 1..8_u32, events in events()) {
        let mut core = Core::new(Quota::window(max_calls, PERIOD));
        let mut list = List::new(max_calls, PERIOD);
        let mut taken: Vec<(Taken, Instant, u32)> = Vec::new();
        let mut now = Instant::now();
        for (pause, cost, back) in events {
            now += pause;
            let cost = cost.min(max_calls);
            prop_assert_eq!(core.wait(cost, now), list.wait(cost, now));
            if let Some(part) = core.pass(cost, now) {
                prop_assert!(list.may(cost, now));
                list.take(cost, now);
                taken.push((part, now, cost));
            }
            if let Some(back) = back.filter(|_| !taken.is_empty()) {
                let (part, at, cost) = taken.swap_remove(back.index(taken.len()));
                core.refund(cost, part, now);
                let place = list.taken.iter().position(|one| *one == (at, cost)).unwrap();
                list.taken.remove(place);
            }
            prop_assert_eq!(core.books.page.window.within(PERIOD, now), list.within(now));
        }
    }

    /// Of those that were not given back, no more ever go than the rate and the burst allow.
    #[test]
    fn a_rate_never_lets_more_through_than_without_the_call(
        interval in 1..300_u64,
        burst in 1..6_u32,
        events in events(),
    ) {
        let mut core = Core::new(Quota::rate(1, Duration::from_nanos(interval), burst));
        let mut kept: Vec<(Taken, Instant, u32)> = Vec::new();
        let mut now = Instant::now();
        for (pause, cost, back) in events {
            now += pause;
            let cost = cost.min(burst);
            if let Some(part) = core.pass(cost, now) {
                kept.push((part, now, cost));
            }
            if let Some(back) = back.filter(|_| !kept.is_empty()) {
                let (part, _, cost) = kept.remove(back.index(kept.len()));
                core.refund(cost, part, now);
            }
        }
        for (first, (_, begin, _)) in kept.iter().enumerate() {
            let mut cost = 0;
            for (_, end, one) in &kept[first..] {
                cost += u128::from(*one);
                let filled = (*end - *begin).as_nanos();
                prop_assert!(cost * u128::from(interval) <= filled + u128::from(interval) * u128::from(burst));
            }
        }
    }

    /// A call that is given back at once leaves no trace.
    #[test]
    fn at_once_all_of_it_comes_back(interval in 1..300_u64, burst in 1..6_u32, calls in events()) {
        let quota = Quota::rate(1, Duration::from_nanos(interval), burst);
        let (mut core, mut without) = (Core::new(quota), Core::new(quota));
        let mut now = Instant::now();
        for (pause, cost, back) in calls {
            now += pause;
            let cost = cost.min(burst);
            let taken = core.pass(cost, now);
            match (taken, back) {
                (Some(taken), Some(_)) => core.refund(cost, taken, now),
                _ => prop_assert_eq!(taken.is_some(), without.pass(cost, now).is_some()),
            }
            prop_assert_eq!(core.wait(cost, now), without.wait(cost, now));
        }
    }

    /// A key that is idle is as one that was never seen, so it may be forgotten.
    #[test]
    fn an_idle_key_answers_as_a_new_one(
        window in any::<bool>(),
        limit in 1..6_u32,
        calls in events(),
        later in prop::collection::vec((pause(), cost()), 1..10),
    ) {
        let quota = if window { Quota::window(limit, PERIOD) } else { Quota::rate(limit, PERIOD, limit) };
        let mut core = Core::with(quota, Tally::default());
        let mut now = Instant::now();
        for (pause, cost, _) in calls {
            now += pause;
            let _ = core.pass(cost.min(limit), now);
        }
        now += core.idle_in(now).unwrap();
        let mut new = Core::with(quota, Tally::default());
        for (pause, cost) in later {
            let cost = cost.min(limit);
            prop_assert_eq!(core.admit(cost, now), new.admit(cost, now));
            now += pause;
        }
    }
}

impl Core<Tally> {
    fn idle_in(&self, at: Instant) -> Option<Duration> {
        idle_in(&self.books, &self.quota, at)
    }
}

#[test]
fn who_waits_keeps_a_key_in_use() {
    let (mut core, now) = (Core::with(Quota::window(1, PERIOD), Tally::default()), Instant::now());
    let tickets = core.join(&[1]);
    assert_eq!(core.idle_in(now), None);
    core.books.page_mut().line.leave(tickets[0]);
    assert_eq!(core.idle_in(now), Some(Duration::ZERO));
}
