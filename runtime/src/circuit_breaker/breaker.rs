//! The breaker: a policy, the state behind a lock, and beside it a hint that spares the lock.

use std::sync::PoisonError;

use super::decision::{Change, Core, Outcome, Verdict};
use super::future::Permit;
use super::policy::Policy;
use crate::registry::{Describe, Settings, State};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::{Layer, Reason, Rejection, clock, observe};

/// No generation: the breaker is not closed, or has failures in a row.
const NOT_CLEAN: u64 = u64::MAX;

/// A circuit breaker: its settings and its state.
///
/// It is built in a `static` or a field, and every function that names it shares its state. See
/// the [module](mod@crate::circuit_breaker) for what it does.
///
/// ```
/// use std::time::Duration;
/// use steadfast::circuit_breaker::CircuitBreaker;
///
/// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway")
///     .failure_threshold(3)
///     .recovery_timeout(Duration::from_secs(10))
///     .half_open_max_calls(2)
///     .success_threshold(4);
///
/// assert_eq!(GATEWAY.name(), "gateway");
/// ```
#[derive(Debug)]
pub struct CircuitBreaker {
    name: &'static str,
    pub(super) policy: Policy,
    /// The generation while closed without a failure in a row, else [`NOT_CLEAN`]. Written under
    /// the lock. Relaxed is enough: no other memory is read on its word, and who reads an old
    /// value acts as if it had come a moment earlier.
    clean: AtomicU64,
    core: Mutex<Core>,
}

/// The state of a [`CircuitBreaker`].
///
/// ```
/// assert_eq!(steadfast::circuit_breaker::BreakerState::HalfOpen.as_str(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// Calls are refused.
    Open,
    /// A few calls go through, to find out.
    HalfOpen,
}

impl BreakerState {
    /// The state in lower case, as metrics and logs name it.
    ///
    /// ```
    /// assert_eq!(steadfast::circuit_breaker::BreakerState::Closed.as_str(), "closed");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl CircuitBreaker {
    /// A closed breaker with the default settings. `name` is what refusals, logs and metrics call
    /// it: the dependency's name.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
    /// assert_eq!(GATEWAY.name(), "gateway");
    /// ```
    pub const fn new(name: &'static str) -> Self {
        let core = Core::new();
        Self { name, policy: Policy::DEFAULT, clean: AtomicU64::new(0), core: Mutex::new(core) }
    }

    /// The name it was given.
    ///
    /// ```
    /// use steadfast::circuit_breaker::CircuitBreaker;
    ///
    /// assert_eq!(CircuitBreaker::new("gateway").name(), "gateway");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The state in this moment. An open breaker stays `Open` after its recovery timeout until
    /// the next call asks, which it then lets through as a probe.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// assert_eq!(CircuitBreaker::new("gateway").state(), BreakerState::Closed);
    /// ```
    pub fn state(&self) -> BreakerState {
        self.peek().state()
    }

    /// The generation, when the breaker is closed and has no failures in a row: then a call goes
    /// through without [`admit`](Self::admit).
    #[inline]
    pub(super) fn pass(&self) -> Option<u64> {
        let clean = self.clean.load(Ordering::Relaxed);
        (clean != NOT_CLEAN).then_some(clean)
    }

    #[cold]
    pub(super) fn admit(&self, permit: &mut Permit<'_>) -> Result<(), Rejection> {
        let now = clock::mono();
        match self.update(|core| core.admit(&self.policy, now)) {
            Verdict::Admitted { generation, change } => {
                // Before anybody is told, so that nothing they do can lose it.
                permit.admitted(generation);
                self.tell(change);
                Ok(())
            }
            Verdict::Refused { retry_after } => {
                Err(Rejection::new(Layer::CircuitBreaker, self.name, Reason::Open { retry_after }))
            }
        }
    }

    #[inline]
    pub(super) fn record(&self, generation: u64, outcome: Outcome) {
        let changes_nothing = outcome != Outcome::Failure;
        if changes_nothing && self.clean.load(Ordering::Relaxed) == generation {
            return;
        }
        self.learn(generation, outcome);
    }

    #[cold]
    fn learn(&self, generation: u64, outcome: Outcome) {
        let now = clock::mono();
        self.tell(self.update(|core| core.record(&self.policy, generation, outcome, now)));
    }

    fn update<T>(&self, step: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = step(&mut core);
        self.clean.store(core.clean().unwrap_or(NOT_CLEAN), Ordering::Relaxed);
        answer
    }

    fn peek(&self) -> Core {
        *self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn while_locked(&self, step: impl FnOnce()) {
        let _core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        step();
    }

    fn tell(&self, change: Option<Change>) {
        if let Some(Change { from, to }) = change {
            observe::breaker_changed(self.name, from.as_str(), to.as_str());
        }
    }
}

impl Describe for CircuitBreaker {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let policy = &self.policy;
        Settings::from([
            ("failure_threshold", policy.failure_threshold.to_string()),
            ("recovery_timeout", format!("{:?}", policy.recovery_timeout)),
            ("half_open_max_calls", policy.half_open_max_calls.to_string()),
            ("success_threshold", policy.success_threshold.to_string()),
        ])
    }

    fn state(&self) -> Option<State> {
        let core = self.peek();
        let wait = core.open_for(&self.policy, clock::mono());
        Some(State::CircuitBreaker {
            state: core.state().as_str(),
            failures: core.failures(),
            retry_after: wait.map(|wait| wait.as_secs_f64()),
        })
    }
}
