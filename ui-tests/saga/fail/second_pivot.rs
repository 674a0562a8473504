use steadfast_payments::saga::{Saga, Step};
use steadfast_ui_tests::GatewayError;

async fn charge(_: (), order: u64, _: Step) -> Result<u64, GatewayError> {
    Ok(order)
}

async fn capture(_: (), order: u64, _: Step) -> Result<u64, GatewayError> {
    Ok(order)
}

fn main() {
    let _ = Saga::new("checkout", 1)
        .pivot("charge", charge)
        .pivot("capture", capture);
}
