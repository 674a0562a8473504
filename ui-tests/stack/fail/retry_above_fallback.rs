use steadfast::{fallback, retry};
use steadfast_ui_tests::{Charge, GatewayError, charge};

#[retry(repeatable)]
#[fallback(value = Charge { id: 0 })]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
