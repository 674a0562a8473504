use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker(failure_rate = 0.0)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
