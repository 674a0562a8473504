mod behaviour;
mod line;
mod mishaps;
mod observe;
mod storm;

use std::task::{Context, Poll, Waker};

/// Polls once, as a task that was woken does.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
