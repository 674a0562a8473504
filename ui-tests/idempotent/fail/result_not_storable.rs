use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Receipt, GatewayError> {
    charge(order).await.map(|charge| Receipt { id: charge.id })
}

struct Receipt {
    id: u64,
}

fn main() {}
