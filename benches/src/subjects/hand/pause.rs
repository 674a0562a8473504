//! Whether a failed attempt is followed by another, and after which pause.

use std::time::{Duration, Instant};

use super::CallError;

const MAX_ATTEMPTS: u32 = 3;
const DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);
const MAX_ELAPSED: Duration = Duration::from_secs(30);

pub fn after<T>(attempt: u32, started: Instant, result: &Result<T, CallError>) -> Option<Duration> {
    let asked = match result {
        Ok(_) => return None,
        Err(CallError::Unreachable) => None,
        Err(CallError::CircuitOpen { retry_after: None }) => return None,
        Err(CallError::CircuitOpen { retry_after: Some(wait) } | CallError::Limited { retry_after: wait }) => {
            Some(*wait)
        }
    };
    if attempt >= MAX_ATTEMPTS {
        return None;
    }
    let pause = asked.unwrap_or_else(|| {
        let grown = DELAY.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(MAX_DELAY);
        grown.mul_f64(fastrand::f64())
    });
    (started.elapsed().saturating_add(pause) < MAX_ELAPSED).then_some(pause)
}
