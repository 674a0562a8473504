use steadfast::bulkhead;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[bulkhead(max_concurrent = 10, max_concurrent = 20)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
