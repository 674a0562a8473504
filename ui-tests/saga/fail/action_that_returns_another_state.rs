use steadfast_payments::saga::{Saga, Step};
use steadfast_ui_tests::GatewayError;

async fn reserve(_: (), order: u64, _: Step) -> Result<u64, GatewayError> {
    Ok(order)
}

async fn release(_: (), _: u64, _: Step) -> Result<(), GatewayError> {
    Ok(())
}

async fn charge(_: (), _: u64, _: Step) -> Result<String, GatewayError> {
    Ok(String::new())
}

fn main() {
    let _ = Saga::new("checkout", 1)
        .step("reserve", reserve, release)
        .pivot("charge", charge);
}
