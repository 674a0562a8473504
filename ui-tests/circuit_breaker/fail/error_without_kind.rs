use steadfast::circuit_breaker;
use steadfast_ui_tests::{Charge, charge};

#[circuit_breaker()]
async fn pay(order: u64) -> Result<Charge, Broken> {
    charge(order).await.map_err(|_| Broken(None))
}

struct Broken(Option<steadfast::Rejection>);

impl From<steadfast::Rejection> for Broken {
    fn from(rejection: steadfast::Rejection) -> Self {
        Self(Some(rejection))
    }
}

fn main() {}
