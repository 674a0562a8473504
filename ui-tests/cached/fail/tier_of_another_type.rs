use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m", tier = tier, name = "rates", key = currency)]
async fn rate(tier: String, currency: String) -> Result<u64, GatewayError> {
    Ok((tier + &currency).len() as u64)
}

fn main() {}
