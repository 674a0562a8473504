use steadfast::circuit_breaker::{Backend, CircuitBreaker, Shared};
use steadfast::{Rejection, circuit_breaker};

#[circuit_breaker(breaker)]
fn send<B: Backend>(breaker: &CircuitBreaker<Shared<B>>) -> Result<(), Rejection> {
    Ok(())
}

fn main() {}
