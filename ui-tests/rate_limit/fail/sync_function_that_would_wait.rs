use steadfast::rate_limit;
use steadfast_ui_tests::{Charge, GatewayError};

#[rate_limit(max_calls = 100, period = "1m", max_wait = "500ms")]
fn charge(order: u64) -> Result<Charge, GatewayError> {
    Ok(Charge { id: order })
}

fn main() {
    let _ = charge(1);
}
