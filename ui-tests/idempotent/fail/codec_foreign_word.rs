use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records, encryption = order)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
