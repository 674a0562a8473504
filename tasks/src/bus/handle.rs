//! Handing an event to its handler.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tracing::{Instrument, Span};

use super::middleware::{Delivery, Next, around};
use super::report::IntoSaid;
use super::sub::{Carried, Context, Sub};
use super::{CorrelationId, Said};
use crate::work;

tokio::task_local! {
    static CURRENT: Option<CorrelationId>;
}

/// The correlation id of the event that is handled here: what a handler publishes carries it without being
/// asked to. For what a handler spawns as a task of its own, hand it over.
///
/// ```
/// use std::sync::Arc;
/// use steadfast_tasks::bus::{Bus, Queue, correlation_id};
///
/// async fn notify(_: Arc<u32>) {
///     assert_eq!(correlation_id().unwrap().as_str(), "req-4711");
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::new("shop");
/// bus.subscribe("notify", Queue::waiting(10), notify).detach();
/// assert!(bus.publish(17_u32).correlation_id("req-4711").await?.all_ok());
/// assert_eq!(correlation_id(), None);
/// # Ok(())
/// # }
/// ```
pub fn correlation_id() -> Option<CorrelationId> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// An async function of an event.
pub(super) trait Handles<E>: Send + Sync + 'static {
    fn handle(&self, event: Arc<E>) -> impl Future<Output = Said> + Send;
}

impl<E, F, T, S> Handles<E> for F
where
    E: Send + Sync + 'static,
    F: Fn(Arc<E>) -> T + Send + Sync + 'static,
    T: Future<Output = S> + Send,
    S: IntoSaid,
{
    async fn handle(&self, event: Arc<E>) -> Said {
        self(event).await.into_said()
    }
}

impl<E: Send + Sync + 'static, H: Handles<E>> Sub<E, H> {
    /// What the handler says to an event, or the middleware before it.
    pub(super) async fn handle(self: &Arc<Self>, event: Arc<E>, carried: Carried) -> Said {
        let context = carried.as_deref();
        let span = self.span(context);
        let correlation_id = context.and_then(|context| context.correlation_id.clone());
        // Boxed, so that an event that carries nothing through a program that listens to nothing costs nothing.
        if correlation_id.is_some() || !span.is_disabled() {
            let said = CURRENT.scope(correlation_id, self.around(event, &carried));
            return Box::pin(said.instrument(span)).await;
        }
        self.around(event, &carried).await
    }

    async fn around(self: &Arc<Self>, event: Arc<E>, carried: &Carried) -> Said {
        if self.common.middleware.is_empty() {
            return caught(self.handler.handle(event)).await;
        }
        let delivery = Delivery { about: self.about, carried: carried.clone() };
        let (sub, common) = (self.clone(), self.common.clone());
        let next = Next(Box::pin(async move { caught(sub.handler.handle(event)).await }));
        caught(around(common, 0, delivery, next)).await
    }

    /// Nothing is made of it while no subscriber is installed.
    fn span(&self, context: Option<&Context>) -> Span {
        if !tracing::dispatcher::has_been_set() {
            return Span::none();
        }
        let (bus, event, handler) = (self.about.bus, self.about.event, self.about.handler);
        let correlation_id = context.and_then(|context| context.correlation_id.as_ref()).map(CorrelationId::as_str);
        let parent = context.and_then(|context| context.span.id());
        tracing::info_span!(parent: parent, "handle", bus, event, handler, correlation_id)
    }
}

/// A panic as what was said.
async fn caught(said: impl Future<Output = Said>) -> Said {
    let mut work = pin!(Some(said));
    let said = poll_fn(|context| {
        let polled = work::caught(|| work.as_mut().as_pin_mut().map_or(Poll::Pending, |work| work.poll(context)));
        polled.unwrap_or_else(|panicked| Poll::Ready(Said::Panicked(panicked)))
    })
    .await;
    // What its parts do when they are dropped changes nothing about what was said.
    work::quietly(|| work.set(None));
    said
}
