use steadfast::cached;
use steadfast_ui_tests::GatewayError;

struct Rates;

impl Rates {
    #[cached(ttl = "5m", refresh_after = "4m", refresh = spawn, except(self))]
    async fn rate(&self, currency: String) -> Result<u64, GatewayError> {
        Ok(currency.len() as u64)
    }
}

fn main() {}
