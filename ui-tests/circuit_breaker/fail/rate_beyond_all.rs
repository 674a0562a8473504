use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker(slow_call = "2s", slow_rate = 250)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
