//! The scope that a thread is in, and what it changes.

use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::fault::Faults;
pub(crate) use super::strike::Strike;
use super::time::Held;
use crate::scope::Fresh;

/// What a scope has. It is leaked with its copies: a call that outlives it still refers to them.
#[derive(Default)]
pub(super) struct Inside {
    /// The scope around it.
    around: Option<&'static Self>,
    /// Its guard is gone.
    left: AtomicBool,
    copies: Mutex<HashMap<Identity, Copied>>,
    pub(super) faults: Mutex<Faults>,
    pub(super) immediate: AtomicBool,
    pub(super) time: Mutex<Option<Held>>,
}

/// A policy, by its place and type: a struct and its first field have one place.
type Identity = (usize, TypeId);

type Copied = &'static (dyn Any + Send + Sync);

thread_local! {
    static CURRENT: Cell<Option<&'static Inside>> = const { Cell::new(None) };
}

/// The policy whose state this call uses: the current scope's copy.
#[inline]
pub(crate) fn here<P: Fresh>(policy: &P) -> &P {
    match current() {
        Some(inside) if !policy.is_part() => inside.copy_of(policy),
        _ => policy,
    }
}

/// The pause that a retry makes.
pub(crate) fn pause(pause: Duration) -> Duration {
    let immediate = current().is_some_and(|inside| inside.immediate.load(Ordering::Relaxed));
    if immediate { Duration::ZERO } else { pause }
}

/// Whether there is a scope.
pub(crate) fn is_entered() -> bool {
    current().is_some()
}

/// Does something in no scope.
pub(crate) fn outside<T>(what: impl FnOnce() -> T) -> T {
    let _left = Entered(CURRENT.take());
    what()
}

/// The scope of this thread. A thread that ends has none.
#[inline]
pub(super) fn current() -> Option<&'static Inside> {
    CURRENT.try_with(Cell::get).ok().flatten()
}

/// Until it is dropped, the thread is in a scope.
pub(super) struct Entered(Option<&'static Inside>);

pub(super) fn enter(inside: &'static Inside) -> Entered {
    Entered(CURRENT.replace(Some(inside)))
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

impl Inside {
    /// A new scope, inside of the thread's present one.
    pub(super) fn begin() -> &'static Self {
        let inside: &'static Self = Box::leak(Box::new(Self { around: current(), ..Self::default() }));
        CURRENT.set(Some(inside));
        inside
    }

    /// The scope is over. Guards may go in any order: the thread is then in the innermost scope that
    /// is left.
    pub(super) fn end(&'static self) {
        self.left.store(true, Ordering::Relaxed);
        *locked(&self.time) = None;
        let mut inner = current();
        while let Some(over) = inner.filter(|inside| inside.left.load(Ordering::Relaxed)) {
            inner = over.around;
        }
        CURRENT.set(inner);
    }

    /// This scope's copy of a policy. A copy is not copied again, in whatever scope it is used.
    fn copy_of<P: Fresh>(&self, policy: &P) -> &'static P {
        let place = (std::ptr::from_ref(policy).addr(), TypeId::of::<P>());
        let known = copies().get(&place).copied().or_else(|| locked(&self.copies).get(&place).copied());
        if let Some(known) = known.and_then(|copy| (copy as &dyn Any).downcast_ref()) {
            return known;
        }
        let copy: &'static P = Box::leak(Box::new(policy.fresh()));
        let kept = *locked(&self.copies).entry(place).or_insert(copy);
        let kept = (kept as &dyn Any).downcast_ref().unwrap_or(copy);
        copies().insert((std::ptr::from_ref(kept).addr(), TypeId::of::<P>()), kept);
        kept
    }
}

/// The copies of all scopes, by their own places.
fn copies() -> MutexGuard<'static, HashMap<Identity, Copied>> {
    static COPIES: LazyLock<Mutex<HashMap<Identity, Copied>>> = LazyLock::new(Mutex::default);
    locked(&COPIES)
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
