use steadfast::{circuit_breaker, retry};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 3)]
#[circuit_breaker]
#[retry(max_attempts = 2)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
