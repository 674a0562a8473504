use steadfast::timeout;
use steadfast_ui_tests::{Charge, GatewayError};

#[timeout("2s")]
fn charge(order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}

fn main() {
    let _ = charge(1);
}
