//! Open after so many failures in a row.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::CallError;

const THRESHOLD: u32 = 5;
const RECOVERY: Duration = Duration::from_secs(30);
/// No generation: not closed, or with failures in a row.
const NOT_CLEAN: u64 = u64::MAX;

pub struct Breaker {
    /// The generation while closed without a failure; then nobody needs the lock.
    clean: AtomicU64,
    state: Mutex<State>,
}

struct State {
    /// Outcomes of calls from an earlier generation change nothing.
    generation: u64,
    phase: Phase,
}

enum Phase {
    Closed { failures: u32 },
    Open { since: Instant },
    HalfOpen { probing: bool },
}

#[derive(Clone, Copy)]
pub enum Outcome {
    Success,
    Failure,
    Neutral,
}

/// The right to one call. A call that is dropped teaches nothing; one that panics is a failure.
pub struct Permit<'a> {
    breaker: &'a Breaker,
    generation: u64,
    outcome: Option<Outcome>,
}

impl Breaker {
    pub const fn new() -> Self {
        let phase = Phase::Closed { failures: 0 };
        Self { clean: AtomicU64::new(0), state: Mutex::new(State { generation: 0, phase }) }
    }

    pub fn admit(&self) -> Result<Permit<'_>, CallError> {
        let clean = self.clean.load(Ordering::Relaxed);
        let generation = if clean != NOT_CLEAN { clean } else { self.ask()? };
        Ok(Permit { breaker: self, generation, outcome: None })
    }

    #[cold]
    fn ask(&self) -> Result<u64, CallError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.phase {
            Phase::Closed { .. } => {}
            Phase::Open { since } => {
                let wait = RECOVERY.saturating_sub(since.elapsed());
                if !wait.is_zero() {
                    return Err(CallError::CircuitOpen { retry_after: Some(wait) });
                }
                state.turn(Phase::HalfOpen { probing: true });
            }
            Phase::HalfOpen { probing: true } => return Err(CallError::CircuitOpen { retry_after: None }),
            Phase::HalfOpen { probing } => *probing = true,
        }
        Ok(state.generation)
    }

    fn record(&self, generation: u64, outcome: Outcome) {
        let unchanged = !matches!(outcome, Outcome::Failure) && self.clean.load(Ordering::Relaxed) == generation;
        if !unchanged {
            self.change(generation, outcome);
        }
    }

    #[cold]
    fn change(&self, generation: u64, outcome: Outcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.generation == generation {
            state.record(outcome);
        }
        let clean = matches!(state.phase, Phase::Closed { failures: 0 });
        self.clean.store(if clean { state.generation } else { NOT_CLEAN }, Ordering::Relaxed);
    }
}

impl State {
    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }

    fn record(&mut self, outcome: Outcome) {
        match (&mut self.phase, outcome) {
            (Phase::Closed { failures }, Outcome::Success) => *failures = 0,
            (Phase::Closed { failures }, Outcome::Failure) => {
                *failures += 1;
                if *failures >= THRESHOLD {
                    self.turn(Phase::Open { since: Instant::now() });
                }
            }
            (Phase::HalfOpen { .. }, Outcome::Success) => self.turn(Phase::Closed { failures: 0 }),
            (Phase::HalfOpen { .. }, Outcome::Failure) => self.turn(Phase::Open { since: Instant::now() }),
            (Phase::HalfOpen { probing }, Outcome::Neutral) => *probing = false,
            (Phase::Closed { .. }, Outcome::Neutral) | (Phase::Open { .. }, _) => {}
        }
    }
}

impl Permit<'_> {
    pub fn learn<T>(&mut self, result: &Result<T, CallError>) {
        self.ends(match result {
            Ok(_) => Outcome::Success,
            Err(error) if error.counts() => Outcome::Failure,
            Err(_) => Outcome::Neutral,
        });
    }

    pub fn ends(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let outcome = self.outcome.unwrap_or_else(|| match std::thread::panicking() {
            true => Outcome::Failure,
            false => Outcome::Neutral,
        });
        self.breaker.record(self.generation, outcome);
    }
}
