use steadfast::circuit_breaker;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");

#[circuit_breaker(on = GatewayError::Busy, GATEWAY)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
