use steadfast::cached;
use steadfast_ui_tests::GatewayError;

#[cached(ttl = "5m")]
async fn rate(currency: String) -> Result<(), GatewayError> {
    drop(currency);
    Ok(())
}

fn main() {}
