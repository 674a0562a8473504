use steadfast::idempotent::MemoryStore;
use steadfast::{cached, idempotent};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[cached(ttl = "5m", key = order)]
#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
