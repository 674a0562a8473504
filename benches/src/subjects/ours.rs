//! The same layers as attributes, in two orders.

use steadfast::{Failure, Rejection, circuit_breaker, rate_limit, retry, timed};

use super::gateway::{self, Unreachable};

#[derive(Debug, Failure)]
pub enum CallError {
    #[failure(transient)]
    Unreachable,
    #[failure(transparent)]
    Refused(Rejection),
}

impl From<Unreachable> for CallError {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

impl From<Rejection> for CallError {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

/// Breaker, retry, limiter, timing: every attempt is timed.
#[circuit_breaker]
#[retry]
#[rate_limit(max_calls = 1_000_000, period = "1us")]
#[timed]
pub async fn each_attempt_timed(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}

/// Timing, breaker, retry, limiter: the call is timed.
#[timed]
#[circuit_breaker]
#[retry]
#[rate_limit(max_calls = 1_000_000, period = "1us")]
pub async fn call_timed(request: u64) -> Result<u64, CallError> {
    Ok(gateway::ask(request).await?)
}
