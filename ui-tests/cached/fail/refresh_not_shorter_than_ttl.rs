use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m", refresh_after = "5m")]
async fn rate(currency: String) -> Result<u64, GatewayError> {
    Ok(currency.len() as u64)
}

fn main() {}
