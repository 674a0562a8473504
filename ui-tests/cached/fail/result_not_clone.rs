use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m")]
async fn rate(currency: String) -> Result<Rate, GatewayError> {
    Ok(Rate { hundredths: currency.len() as u64 })
}

struct Rate {
    hundredths: u64,
}

fn main() {}
