use steadfast::cached;
use steadfast_ui_tests::GatewayError;

use steadfast::cached::MemoryTier;

#[cached(ttl = "5m", tier = tier, key = currency)]
async fn rate(tier: MemoryTier, currency: String) -> Result<u64, GatewayError> {
    drop(tier);
    Ok(currency.len() as u64)
}

fn main() {}
