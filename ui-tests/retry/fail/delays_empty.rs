use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(delays = [])]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
