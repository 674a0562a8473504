use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[fallback(stale)]
async fn pay(order: String) -> Result<Charge, GatewayError> {
    send(order).await
}

async fn stale(_: GatewayError, _: &str) -> Result<Charge, GatewayError> {
    Ok(Charge { id: 0 })
}

async fn send(order: String) -> Result<Charge, GatewayError> {
    charge(order.len() as u64).await
}

fn main() {}
