#![doc = include_str!("guide.md")]

mod fault;
pub(crate) mod inside;
mod run;
mod strike;
#[cfg(test)]
mod tests;
mod time;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub use fault::Fault;
pub use run::{InScope, ScopeHandle};

use crate::registry::{Operation, control};
use inside::{Inside, enter, locked};

/// Begins a scope on this thread, until the guard is dropped.
///
/// A scope inside of another is a scope of its own: it begins with the policies' settings and no
/// state, and not with the outer one's state.
///
/// ```
/// let scope = steadfast::testing::scope();
/// // calls of annotated functions on this thread have their state in it
/// drop(scope);
/// ```
#[must_use = "the scope ends when its guard is dropped"]
pub fn scope() -> Scope {
    Scope { handle: ScopeHandle(Inside::begin()), this_thread: PhantomData }
}

/// A test's own state of all policies, with faults, forced states and time; [`scope`] begins it.
///
/// It belongs to its thread. Tasks that other threads may poll are taken into it with
/// [`run`](Self::run) or a [`handle`](Self::handle).
///
/// See the [module](crate::testing) for an example.
pub struct Scope {
    handle: ScopeHandle,
    this_thread: PhantomData<*const ()>,
}

impl Scope {
    /// The scope, for other tasks and threads.
    ///
    /// See [`ScopeHandle`] for an example.
    pub fn handle(&self) -> ScopeHandle {
        self.handle
    }

    /// The future, in the scope at each poll, for a task that any thread may poll.
    ///
    /// See [`ScopeHandle`] for an example.
    pub fn run<F: Future>(&self, future: F) -> InScope<F> {
        self.handle.run(future)
    }

    /// Every pause of a retry is over at once. What the retry decides, and tells of its pauses, stays
    /// as it is.
    ///
    /// See the [module](crate::testing) for an example.
    pub fn immediate_retries(&self) -> &Self {
        self.inside().immediate.store(true, Ordering::Relaxed);
        self
    }

    /// Lets something befall runs of a function's body.
    ///
    /// The attempts are the runs of the body in this scope, of all calls together; the first is 1.
    /// With a retry and one call, they are its attempts. Where faults of a function overlap, the one
    /// that was added last strikes. What fails is a [`Rejection`](crate::Rejection) to the stack, and
    /// [`Reason::Fault`](crate::Reason::Fault) or `TimedOut` to the caller.
    ///
    /// ```
    /// use steadfast::testing::{self, Fault};
    /// use steadfast::{Rejection, retry, timeout};
    ///
    /// #[timeout("1m")]
    /// #[retry(max_attempts = 3)]
    /// async fn docs_fault_charge() -> Result<&'static str, Rejection> {
    ///     Ok("charged")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let scope = testing::scope();
    /// scope.immediate_retries().fault("docs_fault_charge", 1..=2, Fault::Transient);
    /// assert_eq!(docs_fault_charge().await.unwrap(), "charged");
    /// assert_eq!(scope.runs("docs_fault_charge"), 3);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When no annotated function, or several, have the name (say its module too, `cards::charge`), or the
    /// range has no attempt. And a call panics that is to fail and has no layer that can refuse.
    #[track_caller]
    #[allow(clippy::panic, reason = "a test with a wrong name is told so")]
    pub fn fault(&self, function: &str, attempts: impl RangeBounds<u32>, fault: Fault) -> &Self {
        let attempts = fault::attempts(&attempts);
        if attempts.is_empty() {
            panic!("a fault of `{function}` at no attempt: the first is 1");
        }
        locked(&self.inside().faults).add(named(function), attempts, fault);
        self
    }

    /// How often the function's body was to run in this scope, runs that a fault ended included.
    ///
    /// See [`fault`](Self::fault) for an example.
    ///
    /// # Panics
    /// When no annotated function, or several, have the name.
    #[track_caller]
    pub fn runs(&self, function: &str) -> u32 {
        let function = named(function);
        locked(&self.inside().faults).runs(function)
    }

    /// Circuit breakers of that name refuse every call, in this scope.
    ///
    /// See the [module](crate::testing) for an example.
    ///
    /// # Panics
    /// When no policy has the name, or the operation means nothing to it.
    #[track_caller]
    pub fn force_open(&self, name: &str) -> &Self {
        self.operate(name, Operation::ForceOpen)
    }

    /// Any [operation](crate::Control) on the policies of that name, in this scope.
    ///
    /// ```
    /// use steadfast::registry::Operation;
    /// use steadfast::{Rejection, circuit_breaker};
    ///
    /// #[circuit_breaker]
    /// async fn docs_operate() -> Result<(), Rejection> {
    ///     Ok(())
    /// }
    ///
    /// let scope = steadfast::testing::scope();
    /// scope.operate("docs_operate", Operation::Disable);
    /// ```
    ///
    /// # Panics
    /// When no policy has the name, or the operation means nothing to it.
    #[track_caller]
    #[allow(clippy::panic, reason = "a test with a wrong name is told so")]
    pub fn operate(&self, name: &str, operation: Operation) -> &Self {
        let _entered = enter(self.inside());
        match control(name) {
            Ok(found) => {
                let operated = found.by("test").operate(operation);
                assert!(!operated.done.is_empty(), "`{name}`: {operated}");
            }
            Err(unknown) => panic!("{unknown}"),
        }
        self
    }

    /// Stops time, until the scope ends: it passes by [`advance`](Self::advance) alone. tokio's
    /// paused clock by itself jumps to the next timer whenever the program waits, also for real I/O.
    ///
    /// See the [module](crate::testing) for an example.
    ///
    /// # Panics
    /// Outside of a tokio runtime with one thread (`current_thread`, which `#[tokio::test]` makes):
    /// only its time can be stopped.
    #[track_caller]
    pub fn pause_time(&self) -> &Self {
        let held = time::Held::now();
        *locked(&self.inside().time) = Some(held);
        self
    }

    /// Moves the paused clock, and a millisecond more: tokio's timers count whole ones, and what is due
    /// then has ended. Tasks run as far as they can before, and again after it; a timer that
    /// one of them sets on the way is counted from the end, so what waits three times in a row needs
    /// three steps.
    ///
    /// See the [module](crate::testing) for an example.
    ///
    /// # Panics
    /// When time is not paused.
    pub async fn advance(&self, by: Duration) {
        time::advance(by).await;
    }

    fn inside(&self) -> &'static Inside {
        self.handle.0
    }
}

#[track_caller]
#[allow(clippy::panic, reason = "a test with a wrong name is told so")]
fn named(function: &str) -> (&'static str, &'static str) {
    match fault::function(function) {
        Ok(name) => name,
        Err(why) => panic!("{why}"),
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.inside().end();
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
