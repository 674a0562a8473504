use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m")]
async fn rate(amount: f64) -> Result<u64, GatewayError> {
    Ok(amount as u64)
}

fn main() {}
