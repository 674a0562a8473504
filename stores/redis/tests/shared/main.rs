//! Limits and circuits that processes share, over real servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "in tests a panic is the report"
)]

mod processes;
mod users;

use std::time::Duration;

use steadfast::circuit_breaker::CircuitBreaker;
use steadfast_redis::{Redis, RedisOptions};

type Breaker = CircuitBreaker<steadfast::circuit_breaker::Shared<Redis>>;

const HOUR: Duration = Duration::from_secs(3600);

/// With time enough for a machine that is busy.
async fn connect(url: &str, prefix: &str) -> Redis {
    RedisOptions::new().prefix(prefix).timeout(Duration::from_secs(60)).connect(url).await.unwrap()
}
