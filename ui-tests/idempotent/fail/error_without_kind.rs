use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, Broken> {
    charge(order).await.map_err(|_| Broken(None))
}

struct Broken(Option<steadfast::Rejection>);

impl From<steadfast::Rejection> for Broken {
    fn from(rejection: steadfast::Rejection) -> Self {
        Self(Some(rejection))
    }
}

fn main() {}
