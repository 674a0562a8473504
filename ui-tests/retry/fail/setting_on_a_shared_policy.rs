use steadfast::retry;
use steadfast::retry::RetryPolicy;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static GATEWAY: RetryPolicy = RetryPolicy::new("gateway");

#[retry(GATEWAY, max_attempts = 5)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
