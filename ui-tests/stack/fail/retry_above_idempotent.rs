use steadfast::idempotent::MemoryStore;
use steadfast::{idempotent, retry};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(max_attempts = 3)]
#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
