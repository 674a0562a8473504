use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker(max_keys = 100)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
