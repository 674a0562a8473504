use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: Cow<'_, str>, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order.len() as u64).await
}

fn main() {}
