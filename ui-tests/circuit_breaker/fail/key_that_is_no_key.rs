use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker(key = weight)]
async fn pay(weight: f64) -> Result<Charge, GatewayError> {
    charge(weight as u64).await
}

fn main() {}
