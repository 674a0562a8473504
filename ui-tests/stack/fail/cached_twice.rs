use steadfast::cached;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[cached(ttl = "5m")]
#[cached(ttl = "1m")]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
