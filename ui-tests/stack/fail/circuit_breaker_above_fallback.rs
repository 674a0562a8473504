use steadfast::{circuit_breaker, fallback};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[circuit_breaker]
#[fallback(value = Charge { id: 0 })]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
