use steadfast_payments::saga::{Saga, Step};
use steadfast_ui_tests::GatewayError;

async fn charge(_: (), order: u64, _: Step) -> Result<u64, GatewayError> {
    Ok(order)
}

fn main() {
    let saga = Saga::new("checkout", 1).pivot("charge", charge);
    let _ = saga.run(&(), &(), "order-17", 500);
}
