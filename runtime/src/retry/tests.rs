mod calls;
mod configs;
mod decisions;
mod loops;
mod policies;
mod schedules;

use std::time::Duration;

use crate::kinds::{Ended, Ending};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn ended(ending: Ending) -> Ended {
    Ended { ending, retry_after: None }
}
