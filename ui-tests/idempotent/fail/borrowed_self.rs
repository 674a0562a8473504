use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

struct Payments {
    records: MemoryStore,
}

impl Payments {
    #[idempotent(name = "charges.create", key = key, payload = order, store = self.records)]
    async fn pay(&self, order: u64, key: String) -> Result<Charge, GatewayError> {
        charge(order).await
    }
}

fn main() {}
