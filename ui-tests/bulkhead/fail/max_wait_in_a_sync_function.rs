use steadfast::bulkhead;
use steadfast_ui_tests::{Charge, GatewayError};

#[bulkhead(max_concurrent = 10, max_wait = "500ms")]
fn pay(order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}

fn main() {}
