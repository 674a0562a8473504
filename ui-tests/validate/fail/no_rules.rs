use steadfast::validate;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[validate]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
