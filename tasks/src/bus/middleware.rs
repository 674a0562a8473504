//! What stands around every delivery.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::hub::Common;
use super::sub::{About, Carried};
use super::{CorrelationId, Key, Said};

type Boxed = Pin<Box<dyn Future<Output = Said> + Send>>;

/// A middleware, whatever its type.
pub(super) type Middleware = Box<dyn Fn(Delivery, Next) -> Boxed + Send + Sync>;

/// An event that is about to reach a handler, as a middleware sees it.
///
/// See [`Builder::middleware`](super::Builder::middleware) for an example.
#[derive(Clone)]
pub struct Delivery {
    pub(super) about: About,
    pub(super) carried: Carried,
}

impl Delivery {
    /// The event's type, as the compiler writes it.
    ///
    /// See [`Builder::middleware`](super::Builder::middleware) for an example.
    pub fn event(&self) -> &'static str {
        self.about.event
    }

    /// The handler's name.
    ///
    /// See [`Builder::middleware`](super::Builder::middleware) for an example.
    pub fn handler(&self) -> &'static str {
        self.about.handler
    }

    /// The event's key, where it has one.
    ///
    /// See [`Builder::middleware`](super::Builder::middleware) for an example.
    pub fn key(&self) -> Option<&Key> {
        self.carried.as_ref()?.key.as_ref()
    }

    /// The event's correlation id, where it has one.
    ///
    /// See [`Builder::middleware`](super::Builder::middleware) for an example.
    pub fn correlation_id(&self) -> Option<&CorrelationId> {
        self.carried.as_ref()?.correlation_id.as_ref()
    }
}

/// The rest of a delivery: the middleware further in, and the handler. Nothing of it happens before it is
/// awaited; its answer is what they say, a handler's panic included.
///
/// See [`Builder::middleware`](super::Builder::middleware) for an example.
#[must_use = "the handler is not asked until this is awaited"]
pub struct Next(pub(super) Boxed);

impl Future for Next {
    type Output = Said;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Said> {
        self.0.as_mut().poll(context)
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (key, correlation_id) = (self.key(), self.correlation_id());
        let mut shown = f.debug_struct("Delivery");
        shown.field("event", &self.event()).field("handler", &self.handler());
        shown.field("key", &key).field("correlation_id", &correlation_id).finish()
    }
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Next(..)")
    }
}

/// The middleware from that one on, around `handler`.
pub(super) fn around(common: Arc<Common>, from: usize, delivery: Delivery, handler: Next) -> Next {
    Next(Box::pin(async move {
        let Some(middleware) = common.middleware.get(from) else { return handler.await };
        let next = around(common.clone(), from.saturating_add(1), delivery.clone(), handler);
        middleware(delivery, next).await
    }))
}
