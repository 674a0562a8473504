use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, GatewayError, charge};
static GATEWAY: &str = "gateway";

#[circuit_breaker(GATEWAY)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
