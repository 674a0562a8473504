use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(on = GatewayError::Busy, when = GatewayError::is_busy)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
