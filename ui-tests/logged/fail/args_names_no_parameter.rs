use steadfast::logged;
use steadfast_ui_tests::{Charge, GatewayError, charge};
const WHERE: &str = "here";

#[logged(args(WHERE))]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
