use steadfast::bulkhead;
use steadfast_ui_tests::{Charge, GatewayError, charge};

static REPORTS: steadfast::bulkhead::Bulkhead = steadfast::bulkhead::Bulkhead::new("reports", 0);

#[bulkhead(REPORTS)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
