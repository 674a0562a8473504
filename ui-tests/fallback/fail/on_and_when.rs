use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[fallback(value = Charge { id: 0 }, on = GatewayError::Busy, when = GatewayError::is_busy)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
