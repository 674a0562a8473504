use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 3)]
async fn pay(order: String) -> Result<Charge, GatewayError> {
    send(order).await
}

async fn send(order: String) -> Result<Charge, GatewayError> {
    charge(order.len() as u64).await
}

fn main() {}
