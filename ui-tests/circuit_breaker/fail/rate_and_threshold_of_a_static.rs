use steadfast::circuit_breaker::CircuitBreaker;

static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway").failure_threshold(5).failure_rate(0.5);

fn main() {
    GATEWAY.state();
}
