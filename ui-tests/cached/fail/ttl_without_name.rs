use steadfast::cached;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[cached("5m")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
