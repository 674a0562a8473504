use std::time::Duration;
use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError, charge};

use steadfast::rate_limit::RateLimiter;

static GATEWAY_CALLS: RateLimiter = RateLimiter::window("gateway", 100, Duration::from_secs(60));

#[rate_limit(GATEWAY_CALLS, key = order)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
