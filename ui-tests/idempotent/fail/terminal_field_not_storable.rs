use steadfast::idempotent;
use steadfast::idempotent::MemoryStore;
use steadfast_ui_tests::{Charge, charge};

#[idempotent(name = "charges.create", key = key, payload = order, store = records)]
async fn pay(order: u64, key: String, records: MemoryStore) -> Result<Charge, PaymentError> {
    charge(order).await.map_err(|_| PaymentError::Declined(Reason))
}

struct Reason;

#[derive(steadfast::Failure)]
enum PaymentError {
    #[failure(terminal)]
    Declined(Reason),
    #[failure(transparent)]
    Refused(steadfast::Rejection),
}

impl From<steadfast::Rejection> for PaymentError {
    fn from(rejection: steadfast::Rejection) -> Self {
        Self::Refused(rejection)
    }
}

fn main() {}
