use std::time::Duration;

use steadfast::cached::Cache;
use steadfast_ui_tests::RefusingTier;

static RATES: Cache<String, u64> = Cache::new("rates", Duration::from_secs(60));

fn main() {
    RATES.use_tier(RefusingTier).unwrap();
}
