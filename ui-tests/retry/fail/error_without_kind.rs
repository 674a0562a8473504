use steadfast::retry;
use steadfast_ui_tests::{Charge, charge};

#[retry(max_attempts = 3)]
async fn pay(order: u64) -> Result<Charge, Broken> {
    charge(order).await.map_err(|_| Broken)
}

struct Broken;

fn main() {}
