use steadfast::{cached, fallback};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[cached(ttl = "1m")]
#[fallback(value = Charge { id: 0 })]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
