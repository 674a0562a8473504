//! Futures that are polled in a scope, whatever thread polls them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::inside::{Inside, enter};

/// A scope to be taken to other tasks and threads; [`Scope::handle`](super::Scope::handle) gives it.
///
/// ```
/// use steadfast::testing;
///
/// # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
/// # async fn main() {
/// let scope = testing::scope();
/// let handle = scope.handle();
/// tokio::spawn(handle.run(async {
///     // the scope's breakers, limiters and caches
/// }))
/// .await
/// .unwrap();
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct ScopeHandle(pub(super) &'static Inside);

impl ScopeHandle {
    /// The future, in the scope at each poll.
    ///
    /// See [`ScopeHandle`] for an example.
    pub fn run<F: Future>(&self, future: F) -> InScope<F> {
        InScope { inner: future, scope: *self }
    }

    /// Does something in the scope, now.
    ///
    /// ```
    /// let scope = steadfast::testing::scope();
    /// let handle = scope.handle();
    /// let sum = std::thread::spawn(move || handle.enter(|| 1 + 1)).join().unwrap();
    /// assert_eq!(sum, 2);
    /// ```
    pub fn enter<T>(&self, what: impl FnOnce() -> T) -> T {
        let _entered = enter(self.0);
        what()
    }
}

impl fmt::Debug for ScopeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeHandle").finish_non_exhaustive()
    }
}

pin_project! {
    /// A future in a scope; [`ScopeHandle::run`] makes it.
    ///
    /// See [`ScopeHandle`] for an example.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InScope<F> {
        #[pin]
        inner: F,
        scope: ScopeHandle,
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.scope.0);
        this.inner.poll(cx)
    }
}
