use steadfast::{retry, timed};
use steadfast_ui_tests::{Charge, GatewayError};

trait Gateway {
    #[timed]
    #[retry]
    async fn pay(&self, order: u64) -> Result<Charge, GatewayError>;
}

fn main() {}
