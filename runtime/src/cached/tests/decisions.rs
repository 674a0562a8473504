use std::time::Duration;

use proptest::prelude::*;

use crate::cached::decision::{Limits, Worth, fresh, life};

fn limits(negative_ttl: Option<Duration>) -> Limits {
    Limits { ttl: Duration::from_secs(100), idle: None, max_entries: 1, negative_ttl }
}

#[test]
fn only_values_are_kept_unless_asked() {
    let kept = |limits: &Limits| [Worth::Good, Worth::Negative, Worth::Bad].map(|w| life(limits, w, 0.0));
    let (long, short) = (Duration::from_secs(100), Duration::from_secs(7));
    assert_eq!(kept(&limits(None)), [Some(long), None, None]);
    assert_eq!(kept(&limits(Some(short))), [Some(long), Some(short), None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_life_is_between_nine_tenths_and_all_of_the_ttl(nanos in 1_u64.., random in 0.0..=1.0_f64) {
        let ttl = Duration::from_nanos(nanos);
        let life = life(&Limits { ttl, ..limits(None) }, Worth::Good, random).unwrap();
        prop_assert!(life <= ttl && life >= ttl - ttl / 10, "{life:?} of {ttl:?}");
    }

    /// An entry asked at random times, against a model that keeps two deadlines in whole seconds.
    #[test]
    fn it_is_fresh_as_the_model_says(
        life in 1_u64..60,
        idle in prop::option::of(1_u64..60),
        steps in prop::collection::vec(0_u64..20, 1..40),
    ) {
        let secs = Duration::from_secs;
        let (mut age, mut used, mut idle_end) = (0, 0, idle);
        for step in steps {
            age += step;
            let alive = age < life && idle_end.is_none_or(|end| age < end);
            prop_assert_eq!(fresh(secs(life), idle.map(secs), secs(age), secs(used)), alive);
            if !alive {
                break;
            }
            used = age;
            idle_end = idle.map(|idle| age + idle);
        }
    }
}
