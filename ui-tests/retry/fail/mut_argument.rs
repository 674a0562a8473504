use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 3)]
async fn pay(mut order: u64) -> Result<Charge, GatewayError> {
    order += 1;
    charge(order).await
}

fn main() {}
