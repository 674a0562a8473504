use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(clone(order))]
async fn pay(order: Order) -> Result<Charge, GatewayError> {
    charge(order.id).await
}

struct Order {
    id: u64,
}

fn main() {}
