use steadfast::cached;
use steadfast_ui_tests::RefusingTier;

#[cached(ttl = "5m", tier = tier, name = "rates", key = currency)]
async fn rate(tier: RefusingTier, currency: String) -> Option<u64> {
    drop(tier);
    Some(currency.len() as u64)
}

fn main() {}
