use async_trait::async_trait;
use steadfast::{circuit_breaker, retry};
use steadfast_ui_tests::{Charge, GatewayError};

struct Client;

#[async_trait]
trait Gateway {
    async fn charge(&self, order: u64) -> Result<Charge, GatewayError>;
}

#[async_trait]
impl Gateway for Client {
    #[retry]
    #[circuit_breaker(self.breaker)]
    async fn charge(&self, order: u64) -> Result<Charge, GatewayError> {
        steadfast_ui_tests::charge(order).await
    }
}

fn main() {
    let _ = Client.charge(1);
}
