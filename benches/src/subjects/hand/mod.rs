//! The same layers by hand: what a careful engineer writes who has no library, flat in one
//! function, with the same promises. It is the floor that the attributes are held against.

pub mod breaker;
pub mod limiter;
pub mod pause;
pub mod timing;

use std::time::{Duration, Instant};

use breaker::Breaker;
use limiter::Limiter;
use timing::Timing;

use super::gateway::{self, Unreachable};

#[derive(Debug)]
pub enum CallError {
    Unreachable,
    /// `None` while probes are under way.
    CircuitOpen {
        retry_after: Option<Duration>,
    },
    Limited {
        retry_after: Duration,
    },
}

impl From<Unreachable> for CallError {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

impl CallError {
    /// Whether it is the gateway's failure; our own refusals are not.
    fn counts(&self) -> bool {
        matches!(self, Self::Unreachable)
    }
}

static BREAKER: Breaker = Breaker::new();
static LIMITER: Limiter = Limiter::new();

/// Breaker, retry, limiter, timing: every attempt is timed.
pub async fn each_attempt_timed(request: u64) -> Result<u64, CallError> {
    let mut permit = BREAKER.admit()?;
    let started = Instant::now();
    let mut attempt = 1;
    let result = loop {
        let result = match LIMITER.admit() {
            Ok(()) => {
                let timing = Timing::start();
                let result = gateway::ask(request).await.map_err(CallError::from);
                timing.end(result.is_ok());
                result
            }
            Err(refused) => Err(refused),
        };
        match pause::after(attempt, started, &result) {
            Some(pause) => {
                drop(result);
                tokio::time::sleep(pause).await;
                attempt += 1;
            }
            None => break result,
        }
    };
    permit.learn(&result);
    result
}

/// Timing, breaker, retry, limiter: the call is timed.
pub async fn call_timed(request: u64) -> Result<u64, CallError> {
    let timing = Timing::start();
    let mut permit = match BREAKER.admit() {
        Ok(permit) => permit,
        Err(refused) => {
            timing.refused();
            return Err(refused);
        }
    };
    let started = Instant::now();
    let mut attempt = 1;
    let result = loop {
        let result = match LIMITER.admit() {
            Ok(()) => gateway::ask(request).await.map_err(CallError::from),
            Err(refused) => Err(refused),
        };
        match pause::after(attempt, started, &result) {
            Some(pause) => {
                drop(result);
                tokio::time::sleep(pause).await;
                attempt += 1;
            }
            None => break result,
        }
    };
    permit.learn(&result);
    match &result {
        Err(CallError::CircuitOpen { .. } | CallError::Limited { .. }) => timing.refused(),
        _ => timing.end(result.is_ok()),
    }
    result
}
