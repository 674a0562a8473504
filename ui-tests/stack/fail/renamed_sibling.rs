use steadfast::retry as again;
use steadfast::timed;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed]
#[again(max_attempts = 3)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
