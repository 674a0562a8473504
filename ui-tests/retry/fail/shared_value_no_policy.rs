use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static GATEWAY: u32 = 3;

#[retry(GATEWAY)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
