use steadfast::timeout;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timeout(2)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
