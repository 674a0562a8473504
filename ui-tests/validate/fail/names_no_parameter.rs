use steadfast::validate;
use steadfast_ui_tests::{Charge, GatewayError, charge};
const LIMITS: &[u64] = &[];

#[validate(LIMITS.len() > 1 => "must have limits")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
