//! failsafe, backon and governor, glued by hand, and the hand-written timing, because none of
//! them has one. Each as its documentation shows it first.

use std::sync::LazyLock;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use failsafe::StateMachine;
use failsafe::backoff::EqualJittered;
use failsafe::failure_policy::{ConsecutiveFailures, OrElse, SuccessRateOverTimeWindow};
use failsafe::futures::CircuitBreaker;
use governor::{DefaultDirectRateLimiter, Quota};

use super::gateway::{self, Unreachable};
use super::hand::timing::Timing;

#[derive(Debug)]
pub enum CallError {
    Unreachable,
    CircuitOpen,
    Limited,
}

impl From<Unreachable> for CallError {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

/// failsafe's default: five failures in a row, or too many of the last 30 s.
type Breaker = StateMachine<OrElse<SuccessRateOverTimeWindow<EqualJittered>, ConsecutiveFailures<EqualJittered>>, ()>;

static BREAKER: LazyLock<Breaker> = LazyLock::new(|| failsafe::Config::new().build());
static LIMITER: LazyLock<DefaultDirectRateLimiter> =
    LazyLock::new(|| DefaultDirectRateLimiter::direct(Quota::per_second(1_000_000_000.try_into().unwrap())));
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(5))
    .with_total_delay(Some(Duration::from_secs(30)))
    .with_max_times(2);

/// Breaker, retry, limiter, timing: every attempt is timed.
pub async fn each_attempt_timed(request: u64) -> Result<u64, CallError> {
    let attempt = || async {
        LIMITER.check().map_err(|_| CallError::Limited)?;
        let timing = Timing::start();
        let result = gateway::ask(request).await.map_err(CallError::from);
        timing.end(result.is_ok());
        result
    };
    let counts = |error: &CallError| matches!(error, CallError::Unreachable);
    let retried = attempt.retry(BACKOFF).when(counts);
    BREAKER.call_with(counts, retried).await.map_err(|error| match error {
        failsafe::Error::Inner(own) => own,
        failsafe::Error::Rejected => CallError::CircuitOpen,
    })
}
