//! Watching one call: when it began, and how it ended when it did not return.

use std::mem;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::outcome::End;

/// Who wants to know of a call that ended without a result.
pub(crate) trait Watcher {
    /// The call was dropped while it ran, or panicked.
    fn cut_short(&mut self, end: End, elapsed: Duration);
}

/// One call under watch, from its first poll. It tells its watcher at most once, and only when
/// the call does not return; a call that is never polled never began.
pub(crate) struct Watch<W: Watcher> {
    watcher: W,
    call: Call,
}

#[derive(Clone, Copy)]
enum Call {
    NotBegun,
    Running(Instant),
    Over,
}

impl<W: Watcher> Watch<W> {
    pub(crate) fn new(watcher: W) -> Self {
        Self { watcher, call: Call::NotBegun }
    }

    pub(crate) fn watcher(&mut self) -> &mut W {
        &mut self.watcher
    }

    /// Polls the call. When it is ready, so is the time it took.
    pub(crate) fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<(T, Duration)> {
        if matches!(self.call, Call::NotBegun) {
            self.call = Call::Running(clock::mono());
        }
        let unwinding = Unwinding(self);
        let polled = poll();
        mem::forget(unwinding);
        polled.map(|value| (value, self.stop().unwrap_or_default()))
    }

    /// The time a running call took, once.
    fn stop(&mut self) -> Option<Duration> {
        match mem::replace(&mut self.call, Call::Over) {
            Call::Running(since) => Some(clock::mono().saturating_duration_since(since)),
            Call::NotBegun | Call::Over => None,
        }
    }

    fn cut_short(&mut self, end: End) {
        if let Some(elapsed) = self.stop() {
            self.watcher.cut_short(end, elapsed);
        }
    }
}

impl<W: Watcher> Drop for Watch<W> {
    fn drop(&mut self) {
        self.cut_short(End::Cancelled);
    }
}

/// Dropped only when a poll unwinds. The thread's own "is panicking" would also be true of a call
/// that is merely dropped while something else unwinds.
struct Unwinding<'a, W: Watcher>(&'a mut Watch<W>);

impl<W: Watcher> Drop for Unwinding<'_, W> {
    fn drop(&mut self) {
        self.0.cut_short(End::Panicked);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[derive(Default)]
    struct Told(std::rc::Rc<std::cell::RefCell<Vec<End>>>);

    impl Watcher for Told {
        fn cut_short(&mut self, end: End, _: Duration) {
            self.0.borrow_mut().push(end);
        }
    }

    fn watch() -> (Watch<Told>, std::rc::Rc<std::cell::RefCell<Vec<End>>>) {
        let told = Told::default();
        let log = told.0.clone();
        (Watch::new(told), log)
    }

    #[test]
    fn a_call_that_returns_is_not_cut_short() {
        let (mut watch, log) = watch();
        assert!(watch.poll(|| Poll::<()>::Pending).is_pending());
        assert!(watch.poll(|| Poll::Ready(())).is_ready());
        drop(watch);
        assert!(log.borrow().is_empty());
    }

    #[test]
    fn a_call_that_was_never_polled_never_began() {
        let (watch, log) = watch();
        drop(watch);
        assert!(log.borrow().is_empty());
    }

    #[test]
    fn dropped_while_running_is_cancelled() {
        let (mut watch, log) = watch();
        assert!(watch.poll(|| Poll::<()>::Pending).is_pending());
        drop(watch);
        assert_eq!(*log.borrow(), [End::Cancelled]);
    }

    #[test]
    fn a_panic_is_told_at_once_and_only_once() {
        let (mut watch, log) = watch();
        let caught = catch_unwind(AssertUnwindSafe(|| watch.poll(|| -> Poll<()> { panic!("boom") })));
        assert!(caught.is_err());
        assert_eq!(*log.borrow(), [End::Panicked]);
        drop(watch);
        assert_eq!(*log.borrow(), [End::Panicked]);
    }

    #[test]
    fn a_drop_during_somebody_elses_panic_is_cancelled() {
        let (mut watch, log) = watch();
        assert!(watch.poll(|| Poll::<()>::Pending).is_pending());
        let caught = catch_unwind(AssertUnwindSafe(move || {
            let _watch = watch;
            panic!("elsewhere");
        }));
        assert!(caught.is_err());
        assert_eq!(*log.borrow(), [End::Cancelled]);
    }
}
