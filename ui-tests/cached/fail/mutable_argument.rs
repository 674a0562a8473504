use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m")]
async fn rate(log: &mut Vec<String>, currency: String) -> Result<u64, GatewayError> {
    log.push(currency);
    Ok(log.len() as u64)
}

fn main() {}
