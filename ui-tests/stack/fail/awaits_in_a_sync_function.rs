use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError};

#[retry]
fn charge(order: u64) -> Result<Charge, GatewayError> {
    steadfast_ui_tests::charge(order).await
}

fn main() {
    let _ = charge(1);
}
