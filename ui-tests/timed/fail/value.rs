use steadfast::timed;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed("pay")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
