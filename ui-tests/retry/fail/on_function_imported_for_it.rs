use helpers::is_busy;
use steadfast::retry;
use steadfast_ui_tests::{Charge, GatewayError, charge};

mod helpers {
    use steadfast_ui_tests::GatewayError;

    pub fn is_busy(error: &GatewayError) -> bool {
        error.is_busy()
    }
}

#[retry(max_attempts = 0, when = is_busy)]
async fn pay(order: u64) -> Result<Charge, GatewayError> {
    charge(order).await
}

fn main() {}
