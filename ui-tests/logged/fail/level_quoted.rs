use steadfast::logged;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[logged(level = "debug")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
