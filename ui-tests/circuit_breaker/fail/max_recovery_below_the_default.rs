use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker(recovery_backoff = 2.0, max_recovery_timeout = "10s")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
