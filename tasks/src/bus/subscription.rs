//! The guard of a subscription.

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Weak};

use super::hub::Inner;
use super::sub::{Control, ended};

/// A handler's place on the bus. Dropping it unsubscribes: the handler hears of nothing that is published from
/// then on, what is queued for it is not handled, and its publishers are told
/// [`Said::Gone`](super::Said::Gone). What it has begun with, it ends.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_tasks::bus::{Bus, Queue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::new("shop");
/// let mail = bus.subscribe("mail", Queue::waiting(10), async |_: Arc<u32>| {});
/// assert_eq!(bus.publish(17_u32).await?.answers().len(), 1);
/// drop(mail);
/// assert!(bus.publish(17_u32).await?.answers().is_empty());
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it unsubscribes: keep it, or `detach` it"]
pub struct Subscription {
    bus: Weak<Inner>,
    event: TypeId,
    /// None: it was detached.
    sub: Option<Arc<dyn Control>>,
}

impl Subscription {
    pub(super) fn new(bus: Weak<Inner>, event: TypeId, sub: Arc<dyn Control>) -> Self {
        Self { bus, event, sub: Some(sub) }
    }

    /// Gives up the guard: the handler stays for as long as the bus does. One that holds a clone of the bus
    /// keeps both until the bus is [stopped](super::Bus::stop).
    ///
    /// See [`Bus::publish`](super::Bus::publish) for an example.
    pub fn detach(mut self) {
        self.sub = None;
    }

    /// Unsubscribes, and loses nothing: waits until all that was published before is handled. Dropped before
    /// that, it is as if the subscription were dropped.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use steadfast_tasks::bus::{Bus, Queue};
    ///
    /// static SENT: AtomicU32 = AtomicU32::new(0);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::new("shop");
    /// let mail = bus.subscribe("mail", Queue::waiting(10), async |mails: Arc<u32>| {
    ///     SENT.fetch_add(*mails, Ordering::Relaxed);
    /// });
    /// bus.publish(17_u32).accepted().await?;
    /// mail.drain().await;
    /// assert_eq!(SENT.load(Ordering::Relaxed), 17);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drain(self) {
        let Some(sub) = &self.sub else { return };
        self.unhear(sub);
        sub.close();
        ended(&**sub).await;
    }

    fn unhear(&self, sub: &Arc<dyn Control>) {
        if let Some(bus) = self.bus.upgrade() {
            bus.remove(self.event, sub);
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let Some(sub) = self.sub.take() else { return };
        self.unhear(&sub);
        sub.abandon();
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handler = self.sub.as_ref().map(|sub| sub.about().handler);
        f.debug_struct("Subscription").field("handler", &handler).finish_non_exhaustive()
    }
}
