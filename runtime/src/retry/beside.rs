//! What one call brings beside its policy. A call that brings nothing pays nothing for it.

use tokio::time::Instant;

use super::{RetryBudget, Retrying};

/// What a call brings.
pub trait Beside {
    /// The call begins.
    fn begin(&self, _now: Instant) {}

    /// Whether running it twice is safe.
    fn repeatable(&self) -> bool {
        false
    }

    /// Who is told of a pause, beside the policy's own hook.
    fn hook(&self) -> Option<fn(&Retrying<'_>)> {
        None
    }

    /// Who pays for another attempt.
    fn budget(&self) -> Option<&RetryBudget> {
        None
    }
}

impl Beside for () {}

/// What an attribute says beside a shared policy, and who pays for its attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfCall<'a> {
    repeatable: bool,
    on_retry: Option<fn(&Retrying<'_>)>,
    budget: Option<&'a RetryBudget>,
}

impl<'a> OfCall<'a> {
    /// Nothing yet.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Running it twice is safe.
    #[inline]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Who is told before each pause.
    #[inline]
    pub fn on_retry(mut self, hook: fn(&Retrying<'_>)) -> Self {
        self.on_retry = Some(hook);
        self
    }

    /// Who pays for another attempt.
    #[inline]
    pub fn budget(mut self, budget: &'a RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }
}

impl Beside for OfCall<'_> {
    #[inline]
    fn begin(&self, now: Instant) {
        if let Some(budget) = self.budget {
            budget.deposit(now);
        }
    }

    fn repeatable(&self) -> bool {
        self.repeatable
    }

    fn hook(&self) -> Option<fn(&Retrying<'_>)> {
        self.on_retry
    }

    fn budget(&self) -> Option<&RetryBudget> {
        self.budget
    }
}
