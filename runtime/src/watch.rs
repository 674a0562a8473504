//! Watching one call: when it began, and how it ended when it did not return.

use std::mem;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::moment::Moment;
use crate::outcome::End;

/// Who wants to know of a call that ended without a result.
pub(crate) trait Watcher {
    /// The call was dropped while it ran, or panicked.
    fn cut_short(&mut self, end: End, began: Began);
}

/// When a call began. Whoever is told how it ended reads the clock only when somebody wants to
/// know how long it took.
#[derive(Clone, Copy)]
pub(crate) struct Began(Instant);

impl Began {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(clock::mono())
    }

    pub(crate) fn elapsed(self) -> Duration {
        clock::mono().saturating_duration_since(self.0)
    }
}

/// One call under watch, from its first poll. It tells its watcher at most once, and only when
/// the call does not return; a call that is never polled never began.
pub(crate) struct Watch<W: Watcher> {
    watcher: W,
    call: Call,
}

#[derive(Clone, Copy)]
enum Call {
    NotBegun(Moment),
    Running(Began),
    Over,
}

impl<W: Watcher> Watch<W> {
    #[inline]
    pub(crate) fn new(watcher: W) -> Self {
        Self::at(Moment::UNREAD, watcher)
    }

    /// Watches a call that begins at that moment, if it is polled.
    #[inline]
    pub(crate) fn at(moment: Moment, watcher: W) -> Self {
        Self { watcher, call: Call::NotBegun(moment) }
    }

    #[inline]
    pub(crate) fn watcher(&mut self) -> &mut W {
        &mut self.watcher
    }

    /// Polls the call. When it is ready it is over, and `ended` is told.
    #[inline]
    pub(crate) fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>, ended: impl FnOnce(&mut W, &T, Began)) -> Poll<T> {
        let began = self.begin();
        let unwinding = Unwinding(self);
        let polled = poll();
        mem::forget(unwinding);
        if let Poll::Ready(value) = &polled {
            self.call = Call::Over;
            ended(&mut self.watcher, value, began);
        }
        polled
    }

    #[inline]
    fn begin(&mut self) -> Began {
        match self.call {
            Call::Running(began) => began,
            Call::NotBegun(moment) => {
                let began = Began(moment.or_now());
                self.call = Call::Running(began);
                began
            }
            Call::Over => Began::now(),
        }
    }

    #[cold]
    fn cut_short(&mut self, end: End) {
        if let Call::Running(began) = mem::replace(&mut self.call, Call::Over) {
            self.watcher.cut_short(end, began);
        }
    }
}

impl<W: Watcher> Drop for Watch<W> {
    #[inline]
    fn drop(&mut self) {
        if let Call::Running(_) = self.call {
            self.cut_short(End::Cancelled);
        }
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
        fn cut_short(&mut self, end: End, _: Began) {
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
        assert!(watch.poll(|| Poll::<()>::Pending, |_, _, _| ()).is_pending());
        assert!(watch.poll(|| Poll::Ready(()), |_, _, _| ()).is_ready());
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
        assert!(watch.poll(|| Poll::<()>::Pending, |_, _, _| ()).is_pending());
        drop(watch);
        assert_eq!(*log.borrow(), [End::Cancelled]);
    }

    #[test]
    fn a_panic_is_told_at_once_and_only_once() {
        let (mut watch, log) = watch();
        let caught = catch_unwind(AssertUnwindSafe(|| watch.poll(|| -> Poll<()> { panic!("boom") }, |_, _, _| ())));
        assert!(caught.is_err());
        assert_eq!(*log.borrow(), [End::Panicked]);
        drop(watch);
        assert_eq!(*log.borrow(), [End::Panicked]);
    }

    #[test]
    fn a_drop_during_somebody_elses_panic_is_cancelled() {
        let (mut watch, log) = watch();
        assert!(watch.poll(|| Poll::<()>::Pending, |_, _, _| ()).is_pending());
        let caught = catch_unwind(AssertUnwindSafe(move || {
            let _watch = watch;
            panic!("elsewhere");
        }));
        assert!(caught.is_err());
        assert_eq!(*log.borrow(), [End::Cancelled]);
    }
}
