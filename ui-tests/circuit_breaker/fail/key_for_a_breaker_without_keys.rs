use steadfast::circuit_breaker;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");

#[circuit_breaker(GATEWAY, key = order)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
