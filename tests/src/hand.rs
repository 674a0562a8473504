//! Polling by hand, for futures that are dropped before their end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future in somebody's hand.
pub struct Hand<F>(Pin<Box<F>>, Arc<Woken>);

/// Whether it was woken since it was polled.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<F: Future> Hand<F> {
    pub fn new(future: F) -> Self {
        Self(Box::pin(future), Arc::default())
    }

    /// Polls once.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.1.0.store(false, Ordering::SeqCst);
        self.0.as_mut().poll(&mut Context::from_waker(&Waker::from(self.1.clone())))
    }

    /// Whether it was woken since it was polled.
    pub fn is_woken(&self) -> bool {
        self.1.0.load(Ordering::SeqCst)
    }

    /// Polls once; it must be ready.
    pub fn poll_ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("not ready yet"),
        }
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
