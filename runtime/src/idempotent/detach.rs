//! Work that goes on when the one who waits for it goes away.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::instrument::{Instrument, WithSubscriber};

use super::drain::Running;
use crate::Rejection;

type Work<R> = Pin<Box<dyn Future<Output = Result<R, Rejection>> + Send>>;

/// Work in the caller's hands. Dropped before its end, it is handed to the runtime, with the
/// span it was begun in.
pub(super) struct Detach<R: 'static>(Option<Begun<R>>);

struct Begun<R> {
    work: Work<R>,
    span: tracing::Span,
    /// For a caller who drops the work somewhere else.
    runtime: Option<Handle>,
}

impl<R: 'static> Default for Detach<R> {
    fn default() -> Self {
        Self(None)
    }
}

impl<R: 'static> Detach<R> {
    pub(super) fn begin(&mut self, work: Work<R>) {
        let (span, runtime) = (tracing::Span::current(), Handle::try_current().ok());
        self.0 = Some(Begun { work, span, runtime });
    }

    /// Out of its place while it is polled, so that work which panics is dropped, not handed on.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<R, Rejection>> {
        let Some(mut begun) = self.0.take() else {
            return Poll::Pending;
        };
        let polled = begun.work.as_mut().poll(cx);
        if polled.is_pending() {
            self.0 = Some(begun);
        }
        polled
    }
}

impl<R: 'static> Drop for Detach<R> {
    fn drop(&mut self) {
        let Some(Begun { work, span, runtime }) = self.0.take() else {
            return;
        };
        // Without a runtime the work is dropped here, and its owner tells the store.
        if let Some(runtime) = Handle::try_current().ok().or(runtime) {
            let running = Running::begin();
            let alone = async move {
                drop(work.await);
                drop(running);
            };
            runtime.spawn(alone.instrument(span).with_current_subscriber());
        }
    }
}
