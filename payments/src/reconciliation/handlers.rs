//! What is called for findings, and how it fails without harm.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::class::Class;
use super::found::Found;

type Handling = Pin<Box<dyn Future<Output = Result<(), HandlerFailure>> + Send>>;
type Handler = Arc<dyn Fn(Found) -> Handling + Send + Sync>;

/// No handlers: findings are written and counted.
///
/// See [`Reconciliation::on`](super::Reconciliation::on).
#[derive(Clone, Copy, Debug)]
pub struct Unhandled(pub(super) ());

/// The handlers of a [`Reconciliation`](super::Reconciliation).
///
/// See [`Reconciliation::on`](super::Reconciliation::on) for an example.
#[derive(Clone, Default)]
pub struct Handlers(Vec<(Class, Handler)>);

impl From<Unhandled> for Handlers {
    fn from(_: Unhandled) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(class, _)| class)).finish()
    }
}

/// How a handler failed.
///
/// Its own error is in here for sinks of your own. Ours do not write it: reports are handed on, and give the
/// same bytes when they are made anew.
///
/// ```
/// use steadfast_payments::reconciliation::{Event, HandlerFailure};
///
/// let mut sink = |event: Event<'_>| {
///     if let Event::HandlerFailed(finding, HandlerFailure::Failed(error)) = &event {
///         eprintln!("row {} is not handled: {error}", finding.item());
///     }
///     Ok::<(), std::io::Error>(())
/// };
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum HandlerFailure {
    /// It returned this error.
    Failed(Box<dyn Error + Send + Sync>),
    /// It panicked.
    Panicked,
}

impl HandlerFailure {
    /// In lower case: `failed`, `panicked`.
    ///
    /// ```
    /// use steadfast_payments::reconciliation::HandlerFailure;
    ///
    /// assert_eq!(HandlerFailure::Panicked.as_str(), "panicked");
    /// ```
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Panicked => "panicked",
        }
    }
}

impl Handlers {
    pub(super) fn and<F, Fut, E>(mut self, class: Class, handler: F) -> Self
    where
        F: Fn(Found) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let handler = move |found| -> Handling {
            let handling = handler(found);
            Box::pin(async move { handling.await.map_err(|error| HandlerFailure::Failed(error.into())) })
        };
        self.0.push((class, Arc::new(handler)));
        self
    }

    fn of(&self, class: Class) -> impl Iterator<Item = &Handler> {
        self.0.iter().filter(move |(this, _)| *this == class).map(|(_, handler)| handler)
    }
}

/// Something to call for findings; or nothing.
pub(super) trait Handle {
    fn wants(&self, class: Class) -> bool;

    /// Calls all handlers of the finding's class, and says how those failed that did.
    fn handle(&self, found: &Found) -> impl Future<Output = Vec<HandlerFailure>> + Send;
}

impl Handle for Unhandled {
    fn wants(&self, _: Class) -> bool {
        false
    }

    async fn handle(&self, _: &Found) -> Vec<HandlerFailure> {
        Vec::new()
    }
}

impl Handle for Handlers {
    fn wants(&self, class: Class) -> bool {
        self.of(class).next().is_some()
    }

    async fn handle(&self, found: &Found) -> Vec<HandlerFailure> {
        let mut failures = Vec::new();
        for handler in self.of(found.class()) {
            failures.extend(call(handler, found.clone()).await.err());
        }
        failures
    }
}

/// A panic, when it is called or later, is the handler's failure and nobody else's.
async fn call(handler: &Handler, found: Found) -> Result<(), HandlerFailure> {
    let made = catch_unwind(AssertUnwindSafe(|| handler(found)));
    let mut handling = made.map_err(|_| HandlerFailure::Panicked)?;
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context)));
        polled.unwrap_or(Poll::Ready(Err(HandlerFailure::Panicked)))
    })
    .await
}
