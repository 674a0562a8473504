use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m", refresh_after = "4m", refresh = spawn)]
async fn rate(currency: &str) -> Result<u64, GatewayError> {
    Ok(currency.len() as u64)
}

fn main() {}
