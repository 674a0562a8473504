mod intake;
mod line;
mod metrics;
mod run;
mod seats;

use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

/// So many milliseconds after the first reading.
fn at(millis: u64) -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    *START + Duration::from_millis(millis)
}
