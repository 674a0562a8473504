use std::time::Duration;

use proptest::prelude::*;

use crate::cached::decision::{Standing, Times, Worth, times};
use crate::cached::limits::Limits;

const NEVER: u64 = u64::MAX;

fn limits(negative_ttl: Option<Duration>) -> Limits {
    let limits = Limits::new(Duration::from_secs(100)).unwrap();
    negative_ttl.map_or(limits, |ttl| limits.negative_ttl(ttl).unwrap())
}

fn life(limits: &Limits, worth: Worth, random: f64) -> Option<Duration> {
    times(limits, worth, random, None).map(|times| Duration::from_nanos(times.life))
}

#[test]
fn only_values_are_kept_unless_asked() {
    let kept = |limits: &Limits| [Worth::Good, Worth::Negative, Worth::Bad].map(|w| life(limits, w, 0.0));
    let (long, short) = (Duration::from_secs(100), Duration::from_secs(7));
    assert_eq!(kept(&limits(None)), [Some(long), None, None]);
    assert_eq!(kept(&limits(Some(short))), [Some(long), Some(short), None]);
}

#[test]
fn a_definite_no_is_neither_refreshed_nor_stands_in() {
    let limits = limits(Some(Duration::from_secs(7))).refresh_after(Duration::from_secs(5)).unwrap();
    let limits = limits.stale_if_error(Duration::from_secs(50)).unwrap();
    let times = times(&limits, Worth::Negative, 0.0, None).unwrap();
    assert_eq!((times.refresh, times.stand_in), (NEVER, times.life));
}

#[test]
fn a_value_from_elsewhere_has_the_rest_of_its_life() {
    let secs = |n: u64| n * 1_000_000_000;
    let limits = limits(None).refresh_after(Duration::from_secs(80)).unwrap();
    let left = |n| times(&limits, Worth::Good, 0.0, Some(Duration::from_secs(n))).unwrap();
    assert_eq!((left(60).life, left(60).refresh), (secs(60), secs(40)));
    assert_eq!((left(10).life, left(10).refresh), (secs(10), 0));
    // Whoever put it there may have a longer ttl.
    assert_eq!(left(500).life, secs(100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_life_is_between_nine_tenths_and_all_of_the_ttl(nanos in 1_u64.., random in 0.0..=1.0_f64) {
        let ttl = Duration::from_nanos(nanos);
        let life = life(&Limits::new(ttl).unwrap(), Worth::Good, random).unwrap();
        prop_assert!(life <= ttl && life >= ttl - ttl / 10, "{life:?} of {ttl:?}");
    }

    #[test]
    fn a_refresh_comes_before_the_end(ttl in 2_u64..1 << 60, part in 0.0..1.0_f64, random in 0.0..=1.0_f64) {
        let ttl = Duration::from_nanos(ttl);
        let after = ttl.mul_f64(part).clamp(Duration::from_nanos(1), ttl - Duration::from_nanos(1));
        let limits = Limits::new(ttl).unwrap().refresh_after(after).unwrap();
        let times = times(&limits, Worth::Good, random, None).unwrap();
        prop_assert!(times.refresh <= times.life && times.refresh_again(times.refresh) > times.refresh);
    }

    /// An entry asked at random times, against a model that keeps its deadlines in whole seconds.
    #[test]
    fn its_standing_is_as_the_model_says(
        life in 1_u64..60,
        refresh in prop::option::of(1_u64..60),
        stale in 0_u64..60,
        idle in prop::option::of(1_u64..60),
        steps in prop::collection::vec(0_u64..20, 1..40),
    ) {
        let refresh = refresh.filter(|refresh| *refresh < life);
        let times = Times {
            life,
            refresh: refresh.unwrap_or(NEVER),
            stand_in: life + stale,
            idle: idle.unwrap_or(NEVER),
        };
        let (mut age, mut used, mut idle_end) = (0, 0, idle);
        for step in steps {
            age += step;
            let alive = age < life && idle_end.is_none_or(|end| age < end);
            let expected = match alive {
                true if refresh.is_some_and(|refresh| age >= refresh) => Standing::Due,
                true => Standing::Fresh,
                false if age < life + stale => Standing::StandIn,
                false => Standing::Over,
            };
            prop_assert_eq!(times.standing(age, used, times.refresh), expected);
            if age < times.sure() {
                prop_assert_eq!(expected, Standing::Fresh);
            }
            if !alive {
                break;
            }
            used = age;
            idle_end = idle.map(|idle| age + idle);
        }
    }
}
