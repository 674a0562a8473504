//! The decision: state, outcome and now in, verdict out. No clock, no lock.

use std::time::Duration;

use tokio::time::Instant;

use super::BreakerState;
use super::policy::Policy;

/// What a breaker knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core {
    /// How often the state has changed. An outcome counts only in the generation its call was
    /// admitted in.
    generation: u64,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed { failures: u32 },
    Open { since: Instant },
    HalfOpen { probes: u32, successes: u32 },
}

/// The answer to a call that asks to be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Admitted {
        generation: u64,
        change: Option<Change>,
    },
    /// `retry_after` is `None` while probes are under way.
    Refused {
        retry_after: Option<Duration>,
    },
}

/// What an admitted call teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Neutral,
}

/// A change of state, to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: BreakerState,
    pub(super) to: BreakerState,
}

impl Core {
    pub(super) const fn new() -> Self {
        Self { generation: 0, phase: Phase::Closed { failures: 0 } }
    }

    /// Asks for a call. Every `Admitted` must be answered by one `record`.
    pub(super) fn admit(&mut self, policy: &Policy, now: Instant) -> Verdict {
        let change = match self.open_for(policy, now) {
            None => None,
            Some(Duration::ZERO) => Some(self.turn(Phase::HalfOpen { probes: 0, successes: 0 })),
            retry_after => return Verdict::Refused { retry_after },
        };
        if let Phase::HalfOpen { probes, .. } = &mut self.phase {
            if *probes >= policy.half_open_max_calls {
                return Verdict::Refused { retry_after: None };
            }
            *probes += 1;
        }
        Verdict::Admitted { generation: self.generation, change }
    }

    /// Takes the outcome of a call that was admitted in `generation`.
    pub(super) fn record(
        &mut self,
        policy: &Policy,
        generation: u64,
        outcome: Outcome,
        now: Instant,
    ) -> Option<Change> {
        if generation != self.generation {
            return None;
        }
        if let Phase::HalfOpen { probes, .. } = &mut self.phase {
            *probes = probes.saturating_sub(1);
        }
        match outcome {
            Outcome::Success => self.succeed(policy),
            Outcome::Failure => self.fail(policy, now),
            Outcome::Neutral => None,
        }
    }

    fn succeed(&mut self, policy: &Policy) -> Option<Change> {
        match &mut self.phase {
            Phase::Closed { failures } => *failures = 0,
            Phase::HalfOpen { successes, .. } => {
                *successes += 1;
                if *successes >= policy.success_threshold {
                    return Some(self.turn(Phase::Closed { failures: 0 }));
                }
            }
            Phase::Open { .. } => {}
        }
        None
    }

    fn fail(&mut self, policy: &Policy, now: Instant) -> Option<Change> {
        let opens = match &mut self.phase {
            Phase::Closed { failures } => {
                *failures += 1;
                *failures >= policy.failure_threshold
            }
            Phase::HalfOpen { .. } => true,
            Phase::Open { .. } => false,
        };
        opens.then(|| self.turn(Phase::Open { since: now }))
    }

    fn turn(&mut self, phase: Phase) -> Change {
        let from = self.state();
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
        Change { from, to: self.state() }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// The generation while the breaker is closed without a failure in a row: then a call may be
    /// let through, and a success changes nothing.
    pub(super) fn clean(&self) -> Option<u64> {
        matches!(self.phase, Phase::Closed { failures: 0 }).then_some(self.generation)
    }

    /// Failures in a row, while closed.
    pub(super) fn failures(&self) -> u32 {
        match self.phase {
            Phase::Closed { failures } => failures,
            Phase::Open { .. } | Phase::HalfOpen { .. } => 0,
        }
    }

    /// How long until a probe is let through, while open.
    pub(super) fn open_for(&self, policy: &Policy, now: Instant) -> Option<Duration> {
        match self.phase {
            // `since` may be later than a `now` that was read before the lock was taken.
            Phase::Open { since } => Some(policy.recovery_timeout.saturating_sub(now.saturating_duration_since(since))),
            Phase::Closed { .. } | Phase::HalfOpen { .. } => None,
        }
    }
}
