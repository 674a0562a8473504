use std::time::Duration;

use steadfast::rate_limit::{Backend, RateLimiter};

fn limiter<B: Backend>(backend: B) {
    let _ = RateLimiter::window("gateway", 10, Duration::from_secs(1)).shared(backend);
}

fn main() {}
