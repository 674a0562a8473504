//! One piece of work, whose panics stay here and which can be interrupted.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use tokio_util::sync::CancellationToken;

use super::error::Panicked;

/// How work ended.
pub(crate) enum Ran<T> {
    Ended(T),
    Panicked(Panicked),
    /// It was dropped at the await where it stood.
    Interrupted,
}

/// Makes and runs the work to its end. When it ends in the moment it is interrupted, it has ended.
pub(crate) async fn run<F: Future>(make: impl FnOnce() -> F, interrupt: &CancellationToken) -> Ran<F::Output> {
    let mut work = pin!(None::<F>);
    if let Err(panicked) = caught(|| work.set(Some(make()))) {
        return Ran::Panicked(panicked);
    }
    let mut interrupted = pin!(interrupt.cancelled());
    let ran = poll_fn(|cx| match caught(|| work.as_mut().as_pin_mut().map_or(Poll::Pending, |work| work.poll(cx))) {
        Ok(Poll::Ready(result)) => Poll::Ready(Ran::Ended(result)),
        Ok(Poll::Pending) => interrupted.as_mut().poll(cx).map(|()| Ran::Interrupted),
        Err(panicked) => Poll::Ready(Ran::Panicked(panicked)),
    })
    .await;
    // What its parts do when they are dropped changes nothing about how it ended.
    quietly(|| work.set(None));
    ran
}

/// What the closure returns, or the panic in it. What is touched by a panic here is dropped, not used.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let panicked = Panicked::of(&*payload);
        quietly(|| drop(payload));
        panicked
    })
}

/// Drops what is the user's, where a panic must not end a worker.
pub(crate) fn quietly(run: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
        forget(payload);
    }
}

/// A payload whose own drop may panic as well.
fn forget(payload: Box<dyn Any + Send>) {
    std::mem::forget(payload);
}
