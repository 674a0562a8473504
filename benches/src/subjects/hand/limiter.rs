//! Never more than so many calls in any period.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::CallError;

// Never reached, and short, so that the window does not grow and each call expires one.
const MAX_CALLS: usize = 1_000_000;
const PERIOD: Duration = Duration::from_micros(1);

pub struct Limiter {
    admitted: Mutex<VecDeque<Instant>>,
}

impl Limiter {
    pub const fn new() -> Self {
        Self { admitted: Mutex::new(VecDeque::new()) }
    }

    pub fn admit(&self) -> Result<(), CallError> {
        let now = Instant::now();
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(&oldest) = admitted.front() {
            let age = now.saturating_duration_since(oldest);
            if age >= PERIOD {
                admitted.pop_front();
                continue;
            }
            if admitted.len() >= MAX_CALLS {
                return Err(CallError::Limited { retry_after: PERIOD - age });
            }
            break;
        }
        // Somebody who read the clock later may have been first.
        let at = admitted.back().map_or(now, |&last| last.max(now));
        admitted.push_back(at);
        Ok(())
    }
}
