use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError};

fn send(order: String) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order.len() as u64 })
}

#[retry]
fn charge(order: String) -> Result<Charge, GatewayError> {
    send(order)
}

fn main() {
    let _ = charge(String::new());
}
