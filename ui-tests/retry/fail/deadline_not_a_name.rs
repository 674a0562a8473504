use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(deadline = "30s")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
