use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(budget = 0.1)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
