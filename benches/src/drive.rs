//! Calls a subject so often, and nothing else.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::background::BACKGROUND;
pub use crate::patterns::PATTERNS;
use crate::subjects::{bare, glued, hand, ours, tower};

/// A way to make a number of calls.
pub type Calls = fn(u64);

/// A subject of the comparison.
pub struct Subject {
    pub name: &'static str,
    pub calls: Calls,
    /// The size of the future of one call; 0 where it is none.
    pub future: fn() -> usize,
}

/// Those who are compared with each other, in the order of the table.
pub struct Group {
    pub name: &'static str,
    /// Whom the others are held against.
    pub floor: &'static str,
    pub subjects: &'static [Subject],
    /// Whether they are also measured on two threads at once.
    pub contended: bool,
}

/// Every group there is.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    std::iter::once(&STACK).chain(&PATTERNS).chain(&BACKGROUND)
}

/// A whole stack.
pub static STACK: Group = Group {
    name: "stack",
    floor: "hand",
    contended: false,
    subjects: &[
        Subject { name: "bare", calls: |n| calls(n, bare::call), future: || size_of_val(&bare::call(1)) },
        Subject {
            name: "hand",
            calls: |n| calls(n, hand::each_attempt_timed),
            future: || size_of_val(&hand::each_attempt_timed(1)),
        },
        Subject {
            name: "ours",
            calls: |n| calls(n, ours::each_attempt_timed),
            future: || size_of_val(&ours::each_attempt_timed(1)),
        },
        Subject {
            name: "hand-timed",
            calls: |n| calls(n, hand::call_timed),
            future: || size_of_val(&hand::call_timed(1)),
        },
        Subject {
            name: "ours-timed",
            calls: |n| calls(n, ours::call_timed),
            future: || size_of_val(&ours::call_timed(1)),
        },
        Subject {
            name: "glued",
            calls: |n| calls(n, glued::each_attempt_timed),
            future: || size_of_val(&glued::each_attempt_timed(1)),
        },
        Subject {
            name: "tower",
            calls: tower_calls,
            future: || size_of_val(&tower::call(&mut tower::each_attempt_timed(), 1)),
        },
    ],
};

/// Calls of an async function.
pub fn calls<T, E, F: Future<Output = Result<T, E>>>(number: u64, call: impl Fn(u64) -> F) {
    for request in 0..number {
        black_box(now(call(black_box(request))));
    }
}

/// Calls of an async function whose future the compiler cannot look through, as where a task polls
/// it. Where a pattern is all there is, a caller that knows the future's state from the start would
/// leave nothing to count.
pub fn polled<T, E, F: Future<Output = Result<T, E>>>(number: u64, call: impl Fn(u64) -> F) {
    for request in 0..number {
        let mut future = pin!(call(black_box(request)));
        black_box(now(black_box(&mut future).as_mut()));
    }
}

fn tower_calls(number: u64) {
    let mut service = tower::each_attempt_timed();
    for request in 0..number {
        black_box(now(tower::call(&mut service, black_box(request))));
    }
}

/// The answer of a future that is ready at once.
fn now<T, E, F: Future<Output = Result<T, E>>>(future: F) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(answer)) => answer,
        Poll::Ready(Err(_)) => panic!("the call was refused"),
        Poll::Pending => panic!("the call had to wait"),
    }
}
