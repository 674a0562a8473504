//! What an operator says goes, until it is taken back.

use super::CircuitBreaker;
use super::decision::Control;
use crate::scope::here;

/// # By hand
///
/// Each of these holds until [`reset`](Self::reset), or until the next of them. A call that is under
/// way by then teaches the breaker nothing.
impl CircuitBreaker {
    /// Refuses every call, whatever the dependency does. The refusal says that somebody forced it,
    /// and no time to wait.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
    /// GATEWAY.force_open(); // the gateway is down for the night
    /// assert_eq!(GATEWAY.state(), BreakerState::ForcedOpen);
    /// GATEWAY.reset();
    /// assert_eq!(GATEWAY.state(), BreakerState::Closed);
    /// ```
    pub fn force_open(&self) {
        here(self).put(Control::ForcedOpen);
    }

    /// Lets every call through, and learns nothing from them.
    ///
    /// See [`force_open`](Self::force_open) for an example.
    pub fn disable(&self) {
        here(self).put(Control::Disabled);
    }

    /// Lets every call through, and goes on deciding for the record: it counts, and tells the changes
    /// of state it would make (counter `steadfast_breaker_would_change_total`, event `circuit breaker
    /// would change`). Of use for finding settings without risk.
    ///
    /// What it would have refused goes through, and counts no more than a refused call does.
    ///
    /// See [`force_open`](Self::force_open) for an example.
    pub fn metrics_only(&self) {
        here(self).put(Control::MetricsOnly);
    }

    /// Decides by itself again. It begins closed, and as if nothing had happened.
    ///
    /// See [`force_open`](Self::force_open) for an example.
    pub fn reset(&self) {
        here(self).put(Control::Automatic);
    }

    fn put(&self, control: Control) {
        self.tell(self.update(|core| core.put(control)));
    }
}
