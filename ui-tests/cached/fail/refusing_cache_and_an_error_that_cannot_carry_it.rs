use std::time::Duration;

use steadfast::cached;
use steadfast::cached::Cache;
use steadfast::cached::when_down::Refuse;

static RATES: Cache<String, u64, Refuse> = Cache::new("rates", Duration::from_secs(60)).refusing();

#[cached(RATES, key = currency)]
async fn rate(currency: String) -> Result<u64, std::io::Error> {
    Ok(currency.len() as u64)
}

fn main() {}
