use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: Order, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order.id).await
}

struct Order {
    id: u64,
}

fn main() {}
