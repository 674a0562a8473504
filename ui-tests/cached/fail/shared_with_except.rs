use std::time::Duration;

use steadfast::cached;
use steadfast::cached::Cache;
use steadfast_ui_tests::GatewayError;

static RATES: Cache<String, u64> = Cache::new("rates", Duration::from_secs(60));

#[cached(RATES, except(trace))]
async fn rate(currency: String, trace: u64) -> Result<u64, GatewayError> {
    Ok(trace + currency.len() as u64)
}

fn main() {}
