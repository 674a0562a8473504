use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(backoff = 0.5)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
