use steadfast::rate_limit::{Backend, RateLimiter, Shared};
use steadfast::{Rejection, rate_limit};

#[rate_limit(limiter, cost = cost)]
fn send<B: Backend>(limiter: &RateLimiter<Shared<B>>, cost: u32) -> Result<(), Rejection> {
    Ok(())
}

fn main() {}
