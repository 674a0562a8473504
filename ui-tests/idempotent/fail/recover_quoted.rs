use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records, on_unknown = recover = "look_up")]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
