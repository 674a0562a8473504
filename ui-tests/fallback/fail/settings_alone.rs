use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[fallback(on = GatewayError::Busy)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
