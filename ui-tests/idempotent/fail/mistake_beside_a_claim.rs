use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records, claim = claim, ttl = 60)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    println!("{}", claim.downstream_key());
    charge(order).await
}

fn main() {}
