//! Driving a stack on the thread that calls it, for functions that are not async. It needs no
//! runtime, and inside one it works as any code does that holds its thread.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::task::unconstrained;

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a future on this thread until it is ready. The layers of a sync function are ready at
/// once, save for a call that waits for another one's answer from a cache.
#[inline]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    // No wake-up is lost to this waker: a future that is not ready is asked again with another.
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => park(future),
    }
}

#[cold]
fn park<F: Future>(future: Pin<&mut F>) -> F::Output {
    // A task of tokio has a budget, and no runtime renews it while this thread is held.
    let mut future = pin!(unconstrained(future));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            // A wake-up for whoever else waits on this thread, further out, may have ended our rest.
            thread::current().unpark();
            return output;
        }
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_is_ready_is_polled_once() {
        let mut polls = 0;
        let counted = poll_fn(|_| {
            polls += 1;
            Poll::Ready(polls)
        });
        assert_eq!(block_on(counted), 1);
        assert_eq!(block_on(ready("text")), "text");
    }

    /// A future that another thread makes ready, some time after it was asked.
    fn from_another_thread() -> impl Future<Output = u32> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (asked, was_asked) = mpsc::channel();
        thread::spawn(move || {
            was_asked.recv().unwrap();
            sender.send(7).unwrap();
        });
        async move {
            asked.send(()).unwrap();
            receiver.await.unwrap()
        }
    }

    #[test]
    fn another_thread_wakes_it() {
        for _ in 0..100 {
            assert_eq!(block_on(from_another_thread()), 7);
        }
    }

    #[test]
    fn one_inside_another_takes_no_wake_up_from_it() {
        for _ in 0..100 {
            let outer = from_another_thread();
            let nested = async {
                let mut outer = pin!(outer);
                // The outer one is asked, and then an inner one rests on the same thread.
                let early = poll_fn(|cx| Poll::Ready(outer.as_mut().poll(cx))).await;
                let inner = block_on(from_another_thread());
                let outer = match early {
                    Poll::Ready(outer) => outer,
                    Poll::Pending => outer.await,
                };
                inner + outer
            };
            assert_eq!(block_on(nested), 14);
        }
    }

    #[tokio::test]
    async fn a_task_without_budget_does_not_spin_forever() {
        // Uses up what the task may do before it gives way.
        while tokio::task::coop::has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        assert_eq!(block_on(from_another_thread()), 7);
    }

    #[test]
    fn a_panic_goes_through() {
        let caught = std::panic::catch_unwind(|| block_on(async { panic!("boom") }));
        assert!(caught.is_err());
        let never = async {
            tokio::select! { biased; () = ready(()) => 1, () = pending() => 2 }
        };
        assert_eq!(block_on(never), 1);
    }
}
