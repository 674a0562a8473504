use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

async fn stale(_: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: 0 })
}

#[fallback(stale(1).await, error = "error")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
