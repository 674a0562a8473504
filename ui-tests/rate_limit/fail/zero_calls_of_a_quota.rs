use std::time::Duration;

use steadfast::rate_limit::Quota;

const FREE: Quota = Quota::window(0, Duration::from_secs(1));

fn main() {
    let _ = FREE;
}
