use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(schedule = || std::iter::repeat(pause))]
async fn pay(order: u64, pause: std::time::Duration) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
