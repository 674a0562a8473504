use steadfast::circuit_breaker;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::keyed::Keyed;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static GATEWAYS: Keyed<u64, CircuitBreaker> = Keyed::new(CircuitBreaker::new("gateways"));

#[circuit_breaker(GATEWAYS, key = order, max_keys = 100)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
