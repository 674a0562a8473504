use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[rate_limit(rate = "100/minute")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
