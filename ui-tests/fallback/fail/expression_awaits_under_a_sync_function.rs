use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[fallback(charge(order).await)]
fn pay(order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}

fn main() {}
