use steadfast::idempotent::MemoryStore;
use steadfast::{idempotent, retry, timeout};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(atempts = 3, delay = 5)]
#[idempotent(key = key, payload = none, store = records)]
#[timeout("2")]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
