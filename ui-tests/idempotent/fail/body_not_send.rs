use std::rc::Rc;

use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, GatewayError> {
    let order = Rc::new(order);
    let charged = charge(*order).await;
    drop(order);
    charged
}

fn main() {}
