use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[rate_limit(max_calls = 10, period = "1s", key = rate)]
async fn pay(order: u64, rate: f64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
