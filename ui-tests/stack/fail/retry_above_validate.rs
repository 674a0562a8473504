use steadfast::{retry, validate};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 3)]
#[validate(order > 0 => "must be positive")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
