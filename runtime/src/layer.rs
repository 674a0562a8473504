//! The members of the family.

use std::fmt;

/// A layer of a stack: the attribute that put it there.
///
/// ```
/// assert_eq!(steadfast::Layer::RateLimit.to_string(), "rate_limit");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// [`#[idempotent]`](macro@crate::idempotent)
    Idempotent,
    /// [`#[retry]`](macro@crate::retry)
    Retry,
    /// The [budget](crate::retry::RetryBudget) of a retry: no attribute of its own, but a policy with
    /// a name, settings and state.
    RetryBudget,
    /// [`#[circuit_breaker]`](macro@crate::circuit_breaker)
    CircuitBreaker,
    /// [`#[rate_limit]`](macro@crate::rate_limit)
    RateLimit,
    /// [`#[cached]`](macro@crate::cached)
    Cached,
    /// [`#[bulkhead]`](macro@crate::bulkhead)
    Bulkhead,
    /// [`#[fallback]`](macro@crate::fallback)
    Fallback,
    /// [`#[validate]`](macro@crate::validate)
    Validate,
    /// [`#[timeout]`](macro@crate::timeout)
    Timeout,
    /// [`#[timed]`](macro@crate::timed)
    Timed,
    /// [`#[logged]`](macro@crate::logged)
    Logged,
}

impl Layer {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[
        Self::Idempotent,
        Self::Retry,
        Self::RetryBudget,
        Self::CircuitBreaker,
        Self::RateLimit,
        Self::Bulkhead,
        Self::Cached,
        Self::Fallback,
        Self::Validate,
        Self::Timeout,
        Self::Timed,
        Self::Logged,
    ];

    /// The attribute's name.
    ///
    /// ```
    /// assert_eq!(steadfast::Layer::CircuitBreaker.as_str(), "circuit_breaker");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idempotent => "idempotent",
            Self::Retry => "retry",
            Self::RetryBudget => "retry_budget",
            Self::CircuitBreaker => "circuit_breaker",
            Self::RateLimit => "rate_limit",
            Self::Cached => "cached",
            Self::Bulkhead => "bulkhead",
            Self::Fallback => "fallback",
            Self::Validate => "validate",
            Self::Timeout => "timeout",
            Self::Timed => "timed",
            Self::Logged => "logged",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
