//! tower-resilience's layers, and the hand-written timing, because its own metrics have no
//! timing of a call. Each in the configuration that is nearest to the others'.

use std::time::Duration;

use ::tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_resilience::circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};
use tower_resilience::ratelimiter::{RateLimiterLayer, RateLimiterServiceError, WindowType};
use tower_resilience::retry::{ExponentialRandomBackoff, RetryLayer};

use super::gateway::{self, Unreachable};
use super::hand::timing::Timing;

type Attempt = RateLimiterServiceError<Unreachable>;
pub type CallError = CircuitBreakerError<Attempt>;

/// Breaker, retry, limiter, timing: every attempt is timed.
pub fn each_attempt_timed() -> impl Service<u64, Response = u64, Error = CallError> {
    let counts = |error: &Attempt| matches!(error, RateLimiterServiceError::Inner(_));
    let breaker = CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .wait_duration_in_open(Duration::from_secs(30))
        .failure_classifier(move |result: &Result<u64, Attempt>| result.as_ref().is_err_and(counts))
        .build()
        .unwrap();
    let backoff = ExponentialRandomBackoff::new(Duration::from_millis(100), 1.0).unwrap();
    let retry = RetryLayer::builder()
        .max_attempts(3)
        .backoff(backoff.max_interval(Duration::from_secs(5)))
        .retry_on(counts)
        .build();
    let limiter = RateLimiterLayer::builder()
        .limit_for_period(1_000_000)
        .refresh_period(Duration::from_micros(1))
        .window_type(WindowType::SlidingLog)
        .build()
        .unwrap();
    ServiceBuilder::new().layer(breaker).layer(retry).layer(limiter).service(service_fn(async |request| {
        let timing = Timing::start();
        let result = gateway::ask(request).await;
        timing.end(result.is_ok());
        result
    }))
}

/// One call, as one who holds the service makes it.
pub async fn call<S>(service: &mut S, request: u64) -> Result<u64, CallError>
where
    S: Service<u64, Response = u64, Error = CallError>,
{
    service.ready().await?.call(request).await
}
