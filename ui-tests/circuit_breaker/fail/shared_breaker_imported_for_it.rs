use shared::GATEWAY;
use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};

mod shared {
    use steadfast::circuit_breaker::CircuitBreaker;

    pub static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
}

#[circuit_breaker(GATEWAY, failure_threshold = 10)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
