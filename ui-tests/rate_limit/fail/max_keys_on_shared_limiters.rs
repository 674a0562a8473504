use std::time::Duration;
use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError, charge};

use steadfast::keyed::Keyed;
use steadfast::rate_limit::RateLimiter;

static TENANTS: Keyed<String, RateLimiter> = Keyed::new(RateLimiter::window("tenants", 100, Duration::from_secs(60)));

#[rate_limit(TENANTS, key = &order.to_string(), max_keys = 5)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
