use steadfast::bulkhead;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[bulkhead(max_concurent = 10)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
