//! A rate by a counter that is wrong: yes is said by what it says, and no by the clock alone.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::support::{Core, pause};
use crate::clock;
use crate::rate_limit::Quota;
use crate::rate_limit::books::pass_smoothly;
use crate::rate_limit::quota::Counted;

/// How far it is behind the time at most, and how far ahead, in nanoseconds.
const BEHIND: u64 = 700;
const AHEAD: u64 = 500;

/// Asks as a call does: by the counter, and where that does not let it through, by the clock.
fn ask(core: &mut Core, apart: u64, now: Instant) -> Result<(), Duration> {
    let Counted::Rate { pace, .. } = core.quota.0 else { unreachable!("it is a rate") };
    let count = clock::count_at(now) - BEHIND + apart;
    match pass_smoothly(&mut core.books, pace, 1, count) {
        Some(_) => Ok(()),
        None => core.admit(1, now),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_it_is_wrong_by_is_let_through_once_and_waited_for_once(
        interval in 1..500_u64,
        burst in 1..20_u32,
        calls in prop::collection::vec((pause(), 0..=BEHIND + AHEAD), 1..300),
    ) {
        let mut core = Core::new(Quota::rate(1, Duration::from_nanos(interval), burst));
        let start = Instant::now();
        let (mut now, mut passed) = (start, 0);
        for (pause, apart) in calls {
            now += pause;
            match ask(&mut core, apart, now) {
                Ok(()) => passed += 1,
                Err(wait) => {
                    prop_assert!(wait <= Duration::from_nanos(interval + AHEAD), "{wait:?}");
                    // And that is true.
                    now += wait;
                    prop_assert!(ask(&mut core, 0, now).is_ok());
                    passed += 1;
                }
            }
            let room = u64::try_from((now - start).as_nanos()).unwrap() + interval * u64::from(burst);
            prop_assert!(passed * interval <= room + BEHIND + AHEAD, "{passed}");
        }
    }
}
