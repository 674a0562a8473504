use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(time_to_live = "5m")]
async fn rate(currency: String) -> Result<u64, GatewayError> {
    Ok(currency.len() as u64)
}

fn main() {}
