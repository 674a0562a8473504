use steadfast::{retry, timed};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed]
#[retry]
#[timed]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
