use steadfast::fallback;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[fallback(vale = Charge { id: 0 })]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
