//! Polling by hand, for futures that are dropped before their end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

/// A future in somebody's hand.
pub struct Hand<F>(Pin<Box<F>>);

impl<F: Future> Hand<F> {
    pub fn new(future: F) -> Self {
        Self(Box::pin(future))
    }

    /// Polls once.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Polls once; it must not be ready.
    pub fn poll_pending(&mut self) {
        assert!(self.poll().is_pending(), "ready already");
    }
}

/// Compiles for futures that may move between threads.
pub fn assert_send<F: Future + Send>(future: F) -> F {
    future
}

/// A value, and a flag that is true once the value is dropped.
pub fn flag_on_drop() -> (impl Send + Sync + 'static, Arc<AtomicBool>) {
    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    (Flag(dropped.clone()), dropped)
}

/// Compares durations as tokio's timers do: to the millisecond, late rather than early.
#[track_caller]
pub fn assert_about(measured: std::time::Duration, expected: std::time::Duration) {
    let late = measured.checked_sub(expected);
    assert!(late.is_some_and(|late| late.as_millis() <= 2), "{measured:?} instead of {expected:?}");
}

impl<F: Future> Hand<F> {
    /// Out of the hand, to its end.
    pub async fn finish(self) -> F::Output {
        self.0.await
    }
}
