use std::time::Duration;

use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;

static TENANTS: Keyed<String, RateLimiter> =
    Keyed::new(RateLimiter::window("tenants", 100, Duration::from_secs(60))).max_keys(0);

fn main() {
    let _ = TENANTS.len();
}
