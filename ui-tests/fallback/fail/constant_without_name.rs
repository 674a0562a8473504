use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

const NOTHING: Charge = Charge { id: 0 };

#[fallback(NOTHING)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
