use std::time::Duration;

use steadfast::retry::RetryPolicy;

static GATEWAY: RetryPolicy = RetryPolicy::new("gateway").backoff(2.0).schedule(&|| [Duration::ZERO; 3]);

fn main() {
    let _ = GATEWAY.name();
}
