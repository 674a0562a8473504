use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

#[retry(schedule = || [PAUSE; 3], delay = "50ms")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
