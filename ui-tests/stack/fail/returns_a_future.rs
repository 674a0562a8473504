use std::future::Future;

use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError};

#[retry]
fn charge(order: u64) -> impl Future<Output = Result<Charge, GatewayError>> + Send {
    steadfast_ui_tests::charge(order)
}

fn main() {
    let _ = charge(1);
}
