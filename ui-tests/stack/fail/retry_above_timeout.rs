use steadfast::{retry, timeout};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 3)]
#[timeout("2s")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
