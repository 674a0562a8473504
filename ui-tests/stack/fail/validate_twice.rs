use steadfast::validate;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[validate(order > 0 => "must be positive")]
#[validate(order < 100 => "must be small")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
