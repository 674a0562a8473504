//! What a policy's state is in one moment.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A policy's state in one moment.
///
/// ```
/// use steadfast::registry::{self, State};
/// use steadfast::{Failure, Rejection, circuit_breaker};
///
/// #[derive(Debug, Failure)]
/// enum GatewayError {
///     #[failure(transient)]
///     Down,
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
/// # impl From<Rejection> for GatewayError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::Refused(rejection)
/// #     }
/// # }
///
/// #[circuit_breaker(failure_threshold = 3)]
/// async fn docs_state_capture() -> Result<(), GatewayError> {
///     Err(GatewayError::Down)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// docs_state_capture().await.unwrap_err();
///
/// let functions = registry::snapshot();
/// let capture = functions.iter().find(|f| f.name == "docs_state_capture").unwrap();
/// assert!(matches!(
///     capture.stack[0].state,
///     Some(State::CircuitBreaker { state: "closed", failures: 1, retry_after: None, .. })
/// ));
///
/// let json = serde_json::to_value(&capture.stack[0].state).unwrap();
/// assert_eq!(json["kind"], "circuit_breaker");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// A circuit breaker's; of one that processes share, as this process last saw it.
    CircuitBreaker {
        /// Its name, as [`BreakerState::as_str`](crate::circuit_breaker::BreakerState::as_str) gives
        /// it.
        state: &'static str,
        /// Failures in a row, while closed, of a breaker that opens after some.
        failures: u32,
        /// Seconds until it lets a probe through, while open.
        retry_after: Option<f64>,
        /// Calls within the window, of a breaker that opens by rate.
        #[serde(skip_serializing_if = "Option::is_none")]
        calls: Option<u64>,
        /// The rate of failures, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure_rate: Option<f64>,
        /// The rate of slow calls, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        slow_rate: Option<f64>,
        /// The state it would be in, of a breaker that only measures.
        #[serde(skip_serializing_if = "Option::is_none")]
        would_be: Option<&'static str>,
    },
    /// A rate limiter's.
    RateLimit {
        /// Calls admitted within the last period; `None` for a limiter that smooths (`rate`), which
        /// does not count them, and for one that processes share.
        admitted: Option<u64>,
        /// Callers that wait for their turn.
        waiting: u64,
    },
    /// That of a limiter or a breaker with a state for each key.
    Keyed {
        /// How many keys there are, those included that are idle and not yet forgotten.
        keys: u64,
        /// A limiter's callers that wait for their turn; a breaker's keys that are not closed.
        busy: u64,
    },
    /// A bulkhead's.
    Bulkhead {
        /// Calls that hold a place.
        running: u64,
        /// Callers that wait for one.
        waiting: u64,
        /// How many places there are.
        max_concurrent: u32,
    },
    /// A retry's, where it has a budget: the budget's.
    RetryBudget {
        /// The budget's name.
        name: &'static str,
        /// Calls within its window.
        calls: u64,
        /// Retries within its window.
        retries: u64,
        /// Retries that could be made now.
        available: u64,
    },
    /// A cache's.
    Cached {
        /// Entries, those of all type parameters together, expired ones included until they are
        /// swept.
        entries: u64,
    },
}

/// For people: `open, failures 3`. What is not there is left out.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(Value::Object(fields)) = serde_json::to_value(self) else { return Ok(()) };
        let told = fields.iter().filter(|(name, value)| *name != "kind" && !value.is_null());
        for (index, (name, value)) in told.enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            match value {
                Value::String(text) => write!(f, "{separator}{name} {text}")?,
                _ => write!(f, "{separator}{name} {value}")?,
            }
        }
        Ok(())
    }
}
