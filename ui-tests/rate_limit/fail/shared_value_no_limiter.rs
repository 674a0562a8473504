use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError, charge};
static GATEWAY_CALLS: u32 = 100;

#[rate_limit(GATEWAY_CALLS)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
