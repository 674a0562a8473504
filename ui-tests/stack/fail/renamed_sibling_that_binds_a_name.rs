use steadfast::retry as again;
use steadfast::timed;
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[timed]
#[again(attempt = attempt)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    println!("attempt {attempt}");
    charge(order).await
}

fn main() {}
