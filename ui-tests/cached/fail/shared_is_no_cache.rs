use steadfast::cached;
use steadfast::circuit_breaker::CircuitBreaker;
use steadfast_ui_tests::GatewayError;

static RATES: CircuitBreaker = CircuitBreaker::new("rates");

#[cached(RATES, key = currency)]
async fn rate(currency: String) -> Result<u64, GatewayError> {
    Ok(currency.len() as u64)
}

fn main() {}
