use steadfast::{logged, timed};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[logged(args(order))]
#[timed]
#[logged]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
