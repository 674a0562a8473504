use steadfast::rate_limit::{Backend, RateLimiter, Shared};
use steadfast::{Rejection, rate_limit};

#[rate_limit(limiter)]
fn send<B: Backend>(limiter: &RateLimiter<Shared<B>>) -> Result<(), Rejection> {
    Ok(())
}

fn main() {}
