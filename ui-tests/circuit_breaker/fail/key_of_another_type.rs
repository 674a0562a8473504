use steadfast::circuit_breaker;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast::keyed::Keyed;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static GATEWAYS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("gateways"));

#[circuit_breaker(GATEWAYS, key = order)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
