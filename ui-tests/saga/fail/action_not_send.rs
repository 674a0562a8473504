use std::rc::Rc;

use steadfast_payments::saga::{Saga, Step};
use steadfast_ui_tests::GatewayError;

async fn charge(_: (), order: u64, _: Step) -> Result<u64, GatewayError> {
    let order = Rc::new(order);
    steadfast_ui_tests::charge(*order).await?;
    Ok(*order)
}

fn main() {
    let _ = Saga::new("checkout", 1).pivot("charge", charge);
}
