//! The states by name.

/// The state of a [`CircuitBreaker`](super::CircuitBreaker).
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
    /// Calls are refused, until it is [reset](super::CircuitBreaker::reset).
    ForcedOpen,
    /// Calls go through, and nothing is learnt from them, until it is
    /// [reset](super::CircuitBreaker::reset).
    Disabled,
    /// Calls go through, and it tells what it would do, until it is
    /// [reset](super::CircuitBreaker::reset).
    MetricsOnly,
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
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }
}
