use std::future::Future;
use std::pin::Pin;

use steadfast::{retry, timeout};
use steadfast_ui_tests::{Charge, GatewayError};

#[timeout("2s")]
#[retry]
fn charge(order: u64) -> Pin<Box<dyn Future<Output = Result<Charge, GatewayError>> + Send>> {
    Box::pin(steadfast_ui_tests::charge(order))
}

fn main() {
    let _ = charge(1);
}
