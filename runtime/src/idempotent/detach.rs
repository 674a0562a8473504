//! Work that goes on when the one who waits for it goes away.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::instrument::{Instrument, WithSubscriber};

use super::drain::Running;

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Work that goes on when the one who waits for it goes away, as the body of an idempotent call does
/// with `on_cancel = finish`.
///
/// From its first poll on the work runs to its end: dropped before, it is handed to the tokio runtime, with
/// the span it was begun in, and [`drain`](crate::drain) waits for it. Outside of a runtime it is
/// dropped with its caller, as in a crash. A panic reaches whoever polls it.
///
/// ```
/// use std::time::Duration;
/// use tokio::sync::oneshot;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (end, ended) = oneshot::channel();
/// let work = steadfast::finish(async move {
///     tokio::time::sleep(Duration::from_millis(20)).await;
///     end.send("done").ok();
/// });
/// // The caller hangs up.
/// tokio::time::timeout(Duration::from_millis(1), work).await.unwrap_err();
/// assert_eq!(ended.await, Ok("done"));
/// # }
/// ```
pub fn finish<T, F>(work: F) -> impl Future<Output = T> + Send + use<T, F>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let work: Work<T> = Box::pin(work);
    async move {
        let mut detach = Detach::default();
        detach.begin(work);
        poll_fn(|cx| detach.poll(cx)).await
    }
}

/// Work in the caller's hands. Dropped before its end, it is handed to the runtime, with the
/// span it was begun in.
pub(super) struct Detach<T: 'static>(Option<Begun<T>>);

struct Begun<T> {
    work: Work<T>,
    span: tracing::Span,
    /// For a caller who drops the work somewhere else.
    runtime: Option<Handle>,
}

impl<T: 'static> Default for Detach<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: 'static> Detach<T> {
    pub(super) fn begin(&mut self, work: Work<T>) {
        let (span, runtime) = (tracing::Span::current(), Handle::try_current().ok());
        self.0 = Some(Begun { work, span, runtime });
    }

    /// Out of its place while it is polled, so that work which panics is dropped, not handed on.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
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

impl<T: 'static> Drop for Detach<T> {
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
