use std::time::Duration;

use proptest::prelude::*;

use super::at;
use crate::work::line::Line;

/// Everybody in a list that is looked through each time.
#[derive(Default)]
pub(super) struct Plain(pub(super) Vec<Standing>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) id: u64,
    pub(super) priority: i8,
    /// In milliseconds.
    pub(super) since: u64,
}

impl Plain {
    /// The smallest moment of coming, with so much taken off for each level.
    pub(super) fn first(&self, ageing: Duration) -> Option<Standing> {
        let ageing = i128::try_from(ageing.as_nanos()).unwrap();
        let came = |one: &Standing| i128::from(one.since) * 1_000_000 - i128::from(one.priority) * ageing;
        self.0.iter().copied().min_by_key(|one| (came(one), one.id))
    }

    pub(super) fn oldest_of_the_lowest(&self) -> Option<Standing> {
        self.0.iter().copied().min_by_key(|one| (one.priority, one.id))
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|one| one.id != id);
        before != self.0.len()
    }
}

pub(super) fn ageings() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(1), Just(10), Just(1000)]
        .prop_map(Duration::from_millis)
        .boxed()
        .prop_union(Just(Duration::MAX).boxed())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_next_is_who_a_plain_list_says(
        ageing in ageings(),
        steps in proptest::collection::vec((0_u8..10, -3_i8..4, 0_u64..8), 1..120),
    ) {
        let (mut line, mut plain, mut now) = (Line::new(ageing), Plain::default(), 0);
        for (id, (step, priority, passed)) in (0_u64..).zip(steps) {
            now += passed;
            match step {
                0..5 => {
                    line.push(at(now), priority, id, id);
                    plain.0.push(Standing { id, priority, since: now });
                }
                5..8 => {
                    let expected = plain.first(ageing);
                    prop_assert_eq!(line.first().map(|entry| entry.id), expected.map(|one| one.id));
                    let popped = line.pop().map(|entry| (entry.id, entry.since));
                    prop_assert_eq!(popped, expected.map(|one| (one.id, at(one.since))));
                    expected.map(|one| plain.remove(one.id));
                }
                8 => {
                    let expected = plain.oldest_of_the_lowest().filter(|one| one.priority <= priority);
                    prop_assert_eq!(line.displace(priority).map(|entry| entry.id), expected.map(|one| one.id));
                    expected.map(|one| plain.remove(one.id));
                }
                _ => {
                    let id = id / 2;
                    prop_assert_eq!(line.remove(id).is_some(), plain.remove(id));
                }
            }
            prop_assert_eq!(line.len(), plain.0.len());
        }
    }

    /// One of priority `low` among a flood of higher ones: only those that come within the time that
    /// the levels are worth go before it.
    #[test]
    fn nobody_starves(low in -128_i8..127, above in 1_u8..=20, every in 1_u64..50, ageing in 1_u64..100) {
        let high = low.saturating_add_unsigned(above);
        let levels = u64::from(high.abs_diff(low));
        let mut line = Line::new(Duration::from_millis(ageing));
        line.push(at(0), low, 0, ());
        let mut overtaken = 0;
        for turn in 0.. {
            // One comes, one goes: the line never gets empty.
            line.push(at(turn * every), high, turn + 1, ());
            if line.pop().unwrap().id == 0 {
                break;
            }
            overtaken += 1;
        }
        prop_assert_eq!(overtaken, (ageing * levels).div_ceil(every));
    }
}

#[test]
fn a_time_before_the_last_ones_counts_as_the_last_ones() {
    let mut line = Line::new(Duration::from_millis(1));
    line.push(at(10), 0, 0, ());
    line.push(at(3), 0, 1, ());
    assert_eq!(line.pop().map(|entry| entry.since), Some(at(10)));
    assert_eq!(line.pop().map(|entry| entry.since), Some(at(10)));
}

#[test]
fn within_a_priority_who_came_first_goes_first_at_the_same_time() {
    let mut line = Line::new(Duration::from_secs(1));
    (0..100).for_each(|id| line.push(at(0), 7, id, ()));
    let order: Vec<_> = std::iter::from_fn(|| line.pop()).map(|entry| entry.id).collect();
    assert!(order.is_sorted() && order.len() == 100);
}
