//! A last word to the store from where nobody can wait: a destructor.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

use tokio::runtime::Handle;

/// Tries it once here, and leaves the rest to the runtime if there is one. The lease is the
/// guarantee; this is the courtesy of not waiting for it.
///
/// It never panics: a destructor may run because something else did.
pub(crate) fn best_effort(word: impl Future<Output = ()> + Send + 'static) {
    let told = catch_unwind(AssertUnwindSafe(move || {
        let mut word = Box::pin(word);
        let at_once = word.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if at_once.is_pending()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(word);
        }
    }));
    drop(told);
}
