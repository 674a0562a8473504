use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker(wait_duration_in_open_state = "30s")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
