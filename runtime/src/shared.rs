//! Policies whose state several processes share: what they do when it cannot be asked.
//!
//! A [`RateLimiter`](crate::rate_limit::RateLimiter) and a
//! [`CircuitBreaker`](crate::circuit_breaker::CircuitBreaker) have their state in the process that
//! runs them, until they are made `shared`: then it lies behind a backend
//! ([`rate_limit::Backend`](crate::rate_limit::Backend),
//! [`circuit_breaker::Backend`](crate::circuit_breaker::Backend)), such as the Redis of the crate
//! `steadfast-redis`, and all processes that use the same backend and the same name have one limit, one
//! circuit. The name is what they share: give them the same settings, too.
//!
//! # When the backend does not answer
//!
//! The program has to choose, for each policy, when it is made; there is no default:
//!
//! | [`WhenDown`] | the call | for |
//! |---|---|---|
//! | [`Refuse`](WhenDown::Refuse) | is refused, with [`SharedStateUnavailable`](crate::Reason::SharedStateUnavailable) (503) | a limit that must hold, such as a quota that costs money |
//! | [`Admit`](WhenDown::Admit) | goes through, and nothing is counted | a limit or a circuit that protects, and must not take the service down with its server |
//!
//! A call waits until its backend has failed, so give that a short timeout. Each such call counts in
//! `steadfast_shared_state_failures_total`. The first of a row is an event (level warn), and so is the
//! first answer after it (info).
//!
//! The second tier of a cache asks for the same choice as a type,
//! [`cached::when_down`](crate::cached::when_down), because a cached function need not return a `Result`.

use std::error::Error;
use std::sync::Arc;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::{Layer, Reason, Rejection, observe};

/// What a policy does with a call when the state that processes share cannot be asked.
///
/// ```
/// use steadfast::shared::WhenDown;
///
/// /// In front of a bank that bills every call beyond the quota.
/// const QUOTA: WhenDown = WhenDown::Refuse;
/// /// In front of our own search.
/// const FAIR_USE: WhenDown = WhenDown::Admit;
/// assert_ne!(QUOTA, FAIR_USE);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing third to do with a call")]
pub enum WhenDown {
    /// Refuses it, with [`SharedStateUnavailable`](crate::Reason::SharedStateUnavailable).
    Refuse,
    /// Lets it through, uncounted.
    Admit,
}

impl WhenDown {
    /// The choice in lower case, as settings show it.
    ///
    /// ```
    /// assert_eq!(steadfast::shared::WhenDown::Admit.as_str(), "admit");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Admit => "admit",
        }
    }
}

/// Whose state it is, what is done when it cannot be asked, and whether that was told.
#[derive(Debug)]
pub(crate) struct Outage {
    layer: Layer,
    pub(crate) when_down: WhenDown,
    is_down: AtomicBool,
}

impl Outage {
    pub(crate) const fn new(layer: Layer, when_down: WhenDown) -> Self {
        Self { layer, when_down, is_down: AtomicBool::new(false) }
    }

    /// It has answered.
    pub(crate) fn over(&self, name: &'static str) {
        if self.is_down.load(Ordering::Relaxed) && self.is_down.swap(false, Ordering::Relaxed) {
            observe::shared_state_up(self.layer, name);
        }
    }

    /// It has not: whether the call goes through all the same.
    #[cold]
    pub(crate) fn answer(
        &self,
        name: &'static str,
        error: impl Error + Send + Sync + 'static,
    ) -> Result<(), Rejection> {
        let first = !self.is_down.swap(true, Ordering::Relaxed);
        let admitted = self.when_down == WhenDown::Admit;
        observe::shared_state_down(self.layer, name, admitted, first.then_some(&error as _));
        match self.when_down {
            WhenDown::Admit => Ok(()),
            WhenDown::Refuse => Err(Rejection::new(self.layer, name, Reason::SharedStateUnavailable(Arc::new(error)))),
        }
    }
}
