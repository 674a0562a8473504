use std::time::Duration;

use steadfast::cached;
use steadfast::cached::Cache;
use steadfast_ui_tests::GatewayError;

static RATES: Cache<String, u64> = Cache::new("rates", Duration::from_secs(60));

#[cached(RATES)]
async fn rate(currency: String) -> Result<u64, GatewayError> {
    Ok(currency.len() as u64)
}

fn main() {}
