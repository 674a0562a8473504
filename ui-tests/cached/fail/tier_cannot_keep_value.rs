use steadfast::cached;
use steadfast_ui_tests::GatewayError;

use steadfast::cached::MemoryTier;

#[derive(Clone)]
struct Rate(u64);

#[cached(ttl = "5m", tier = tier, name = "rates", key = currency)]
async fn rate(tier: MemoryTier, currency: String) -> Result<Rate, GatewayError> {
    drop(tier);
    Ok(Rate(currency.len() as u64))
}

fn main() {}
