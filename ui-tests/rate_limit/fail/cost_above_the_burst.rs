use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[rate_limit(rate = "100/1m", burst = 5, cost = 6)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
