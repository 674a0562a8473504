use steadfast::cached;
use steadfast_ui_tests::GatewayError;

struct Rates {
    margin: u64,
}

impl Rates {
    #[cached(ttl = "5m", except(self))]
    async fn rate(&mut self, currency: String) -> Result<u64, GatewayError> {
        self.margin += currency.len() as u64;
        Ok(self.margin)
    }
}

fn main() {}
