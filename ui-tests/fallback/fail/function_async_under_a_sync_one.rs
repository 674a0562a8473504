use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError};

#[fallback(stale)]
fn pay(order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}

async fn stale(error: GatewayError, order: &u64) -> Result<Charge, GatewayError> {
    let _ = order;
    Err(error)
}

fn main() {}
