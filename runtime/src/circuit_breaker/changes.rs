//! Changes of state that code can wait for.

use std::marker::PhantomData;

use tokio::sync::watch;

use super::{BreakerState, CircuitBreaker};
use crate::scope::here;

/// The changes of a breaker's state, to be awaited. From [`CircuitBreaker::changes`].
///
/// It tells where the breaker is, not where it has been: of several changes since it last looked, it
/// tells the last.
#[derive(Clone, Debug)]
pub struct Changes<'a> {
    receiver: watch::Receiver<BreakerState>,
    /// While the breaker lives, somebody tells.
    breaker: PhantomData<&'a CircuitBreaker>,
}

impl CircuitBreaker {
    /// Watches its state from now on. A breaker that nobody watches spends nothing on it.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// static GATEWAY: CircuitBreaker = CircuitBreaker::new("gateway");
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut changes = GATEWAY.changes();
    /// let page = tokio::spawn(async move { changes.wait_for(BreakerState::ForcedOpen).await });
    ///
    /// GATEWAY.force_open();
    /// page.await.unwrap();
    /// # }
    /// ```
    pub fn changes(&self) -> Changes<'_> {
        let this = here(self);
        let sender = this.state.watch.get_or_init(|| watch::Sender::new(this.state()));
        // It may have changed before there was a sender to be told.
        this.show();
        Changes { receiver: sender.subscribe(), breaker: PhantomData }
    }

    /// Shows the state of this moment to those who watch. Whoever comes last shows the last state,
    /// whatever the order in which they come.
    pub(super) fn show(&self) {
        let Some(sender) = self.state.watch.get() else { return };
        sender.send_if_modified(|shown| {
            let state = self.read(|core| core.state());
            std::mem::replace(shown, state) != state
        });
    }
}

impl Changes<'_> {
    /// The state, as far as it was told. It counts as seen.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// let breaker = CircuitBreaker::new("gateway");
    /// assert_eq!(breaker.changes().state(), BreakerState::Closed);
    /// ```
    pub fn state(&mut self) -> BreakerState {
        *self.receiver.borrow_and_update()
    }

    /// Waits for a change that was not seen yet, and tells the state. Nothing is lost when it is
    /// dropped while it waits.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let breaker = CircuitBreaker::new("gateway");
    /// let mut changes = breaker.changes();
    /// breaker.disable();
    /// assert_eq!(changes.changed().await, BreakerState::Disabled);
    /// # }
    /// ```
    pub async fn changed(&mut self) -> BreakerState {
        if self.receiver.changed().await.is_err() {
            // The breaker outlives this, and its sender with it.
            std::future::pending::<()>().await;
        }
        self.state()
    }

    /// Waits until the breaker is in that state; at once where it is.
    ///
    /// See [`changes`](CircuitBreaker::changes) for an example.
    pub async fn wait_for(&mut self, state: BreakerState) {
        if self.receiver.wait_for(|shown| *shown == state).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
