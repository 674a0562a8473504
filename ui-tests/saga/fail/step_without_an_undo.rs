use steadfast_payments::saga::{Saga, Step};
use steadfast_ui_tests::GatewayError;

async fn reserve(_: (), order: u64, _: Step) -> Result<u64, GatewayError> {
    Ok(order)
}

fn main() {
    let _ = Saga::new("checkout", 1).step("reserve", reserve);
}
