use steadfast::timed;
use steadfast::timeout as retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed]
#[retry(max_attempts = 3)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
