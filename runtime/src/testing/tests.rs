//! Which copy a call uses.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::scope;
use crate::scope::{Fresh, here};

/// A policy with a setting and a state.
struct Counter {
    from: u32,
    more: AtomicU32,
}

impl Counter {
    const fn new(from: u32) -> Self {
        Self { from, more: AtomicU32::new(0) }
    }

    /// Asks twice, as a method that calls another does.
    fn next(&self) -> u32 {
        here(self).bump()
    }

    fn bump(&self) -> u32 {
        let this = here(self);
        this.from + this.more.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Fresh for Counter {
    fn fresh(&self) -> Self {
        Self::new(self.from)
    }
}

#[test]
fn a_scope_has_the_settings_and_no_state_and_leaves_none() {
    static COUNTER: Counter = Counter::new(10);
    assert_eq!((COUNTER.next(), COUNTER.next()), (11, 12));
    let one = scope();
    assert_eq!((COUNTER.next(), COUNTER.next()), (11, 12));
    drop(one);
    assert_eq!(COUNTER.next(), 13);
    let _other = scope();
    assert_eq!(COUNTER.next(), 11);
}

#[test]
fn scopes_nest_and_their_guards_may_go_in_any_order() {
    static COUNTER: Counter = Counter::new(0);
    let outer = scope();
    COUNTER.next();
    let inner = scope();
    assert_eq!(COUNTER.next(), 1);
    drop(inner);
    assert_eq!(COUNTER.next(), 2);
    let inner = scope();
    drop(outer);
    assert_eq!(COUNTER.next(), 1);
    drop(inner);
    assert_eq!(COUNTER.next(), 1, "the program's own");
}

#[test]
fn a_copy_is_not_copied_again() {
    static COUNTER: Counter = Counter::new(0);
    let outer = scope();
    let resolved = here(&COUNTER);
    let _inner = scope();
    assert!(std::ptr::eq(here(resolved), resolved));
    drop(outer);
    assert!(std::ptr::eq(here(resolved), resolved));
}

#[test]
fn other_threads_are_in_it_only_by_its_handle() {
    static COUNTER: Counter = Counter::new(0);
    let scope = scope();
    COUNTER.next();
    let handle = scope.handle();
    assert_eq!(thread::spawn(|| COUNTER.next()).join().unwrap(), 1);
    assert_eq!(thread::spawn(move || handle.enter(|| COUNTER.next())).join().unwrap(), 2);
}

#[test]
fn a_panic_in_a_scope_leaves_the_thread_out_of_it() {
    static COUNTER: Counter = Counter::new(0);
    let unwound = std::panic::catch_unwind(|| {
        let scope = scope();
        scope.handle().enter(|| {
            COUNTER.next();
            panic!("on purpose")
        })
    });
    unwound.unwrap_err();
    assert!(std::ptr::eq(here(&COUNTER), &raw const COUNTER));
}

#[test]
fn one_place_and_two_types_are_two_policies() {
    #[repr(transparent)]
    struct Outer(Counter);
    impl Fresh for Outer {
        fn fresh(&self) -> Self {
            Self(Counter::new(100))
        }
    }
    static OUTER: Outer = Outer(Counter::new(5));
    let _scope = scope();
    assert_eq!(OUTER.0.next(), 6);
    assert_eq!(here(&OUTER).0.next(), 101);
}
