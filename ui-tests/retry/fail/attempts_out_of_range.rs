use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 5_000_000_000)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
