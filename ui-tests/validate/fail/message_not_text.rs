use steadfast::validate;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[validate(order > 0 => 7)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
