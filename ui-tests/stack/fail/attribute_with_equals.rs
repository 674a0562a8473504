use steadfast::{timed, timeout};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed]
#[timeout = "2s"]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
