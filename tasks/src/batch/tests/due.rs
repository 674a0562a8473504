use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use crate::batch::decision::{Due, Gathered, Limits, due};

proptest! {
    #[test]
    fn by_size_by_time_or_on_demand_whichever_is_first(
        max_size in 1_usize..10,
        max_wait in 0_u64..50,
        items in 1_usize..15,
        waited in 0_u64..80,
        pressed in any::<bool>(),
    ) {
        let millis = Duration::from_millis;
        let limits = Limits { max_size, max_wait: millis(max_wait) };
        let since = Instant::now();
        let is = due(limits, Gathered { items, since, pressed }, since + millis(waited));
        let now = items >= max_size || waited >= max_wait || pressed;
        prop_assert_eq!(is, if now { Due::Now } else { Due::At(since + millis(max_wait)) });
    }
}

#[test]
fn a_wait_beyond_the_clock_is_for_ever() {
    let (limits, since) = (Limits { max_size: 2, max_wait: Duration::MAX }, Instant::now());
    assert_eq!(due(limits, Gathered { items: 1, since, pressed: false }, since), Due::Never);
}
