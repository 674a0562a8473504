use steadfast::idempotent;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: Vec<Charge>) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
