use steadfast::cached;
use steadfast_ui_tests::GatewayError;

struct Rates {
    margin: u64,
}

impl Rates {
    #[cached(ttl = "5m")]
    async fn rate(&self, currency: String) -> Result<u64, GatewayError> {
        Ok(self.margin + currency.len() as u64)
    }
}

fn main() {}
