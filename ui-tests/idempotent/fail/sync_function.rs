use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
fn charge(records: MemoryStore, key: String, order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}

fn main() {
    let _ = charge(MemoryStore::default(), String::new(), 1);
}
