//! A number for each thread, as small as can be, so that few threads do not meet in one stripe.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use crate::sync::thread_local;

/// The numbers of threads that have ended, and the first that no thread had yet. Not a lock of the
/// models: who comes in which order changes where a success is counted, and not whether.
static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { free: BinaryHeap::new(), next: 0 });

struct Numbers {
    free: BinaryHeap<Reverse<usize>>,
    next: usize,
}

/// Gives a thread's number back when it ends.
struct Own(usize);

const NONE: usize = usize::MAX;

thread_local! {
    /// Apart from the one that is given back: a cell that nothing has to be done for is quicker to read.
    static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    static OWN: Own = Own::take();
}

/// The number of this thread: no other has it while this one lives.
#[inline]
pub(super) fn thread_number() -> usize {
    match NUMBER.try_with(Cell::get) {
        Ok(NONE) | Err(_) => first_asked(),
        Ok(number) => number,
    }
}

#[cold]
fn first_asked() -> usize {
    // There is none any more in a thread that ends.
    let number = OWN.try_with(|own| own.0).unwrap_or_default();
    let _ = NUMBER.try_with(|own| own.set(number));
    number
}

impl Own {
    fn take() -> Self {
        let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        let free = numbers.free.pop().map(|Reverse(number)| number);
        Self(free.unwrap_or_else(|| {
            numbers.next += 1;
            numbers.next - 1
        }))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        NUMBERS.lock().unwrap_or_else(PoisonError::into_inner).free.push(Reverse(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_live_at_once_have_numbers_of_their_own() {
        let own = thread_number();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| (thread_number(), thread_number())).join().unwrap();
            assert_ne!(other.0, own);
            assert_eq!(other.0, other.1);
        });
        assert_eq!(thread_number(), own);
    }
}
