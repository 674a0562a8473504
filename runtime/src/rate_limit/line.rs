//! The line of those who wait: first come, first served.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::task::Waker;

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// Waiters in the order they came. Nothing is reserved for them; only the first may ask.
#[derive(Debug)]
pub(super) struct Line {
    /// How many wait, for those who only need to know whether anybody does. Written under the
    /// lock; no other memory is read on its word.
    waiting: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
pub(super) struct Queue {
    next_ticket: u64,
    /// Sorted by ticket.
    waiters: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    waker: Option<Waker>,
}

impl Line {
    pub(super) const fn new() -> Self {
        let queue = Queue { next_ticket: 0, waiters: VecDeque::new() };
        Self { waiting: AtomicUsize::new(0), queue: Mutex::new(queue) }
    }

    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Does something while nobody comes or goes. A waker must not be dropped in here: that may
    /// drop a task, which may stand in this line.
    pub(super) fn hold<T>(&self, step: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = step(&mut queue);
        self.waiting.store(queue.len(), Ordering::Relaxed);
        answer
    }

    /// Leaves the line, and tells the next when it becomes the first.
    pub(super) fn leave(&self, ticket: u64) {
        let (_gone, next) = self.hold(|queue| queue.leave(ticket));
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Joins at the end, with a ticket.
    pub(super) fn join(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let waker = None;
        self.waiters.push_back(Waiter { ticket, waker });
        ticket
    }

    /// How many stand before this ticket. Keeps the waker in exchange for the one before.
    pub(super) fn ahead(&mut self, ticket: u64, waker: Waker) -> (usize, Option<Waker>) {
        let ahead = self.place(ticket);
        let before = match self.waiters.get_mut(ahead) {
            Some(waiter) => waiter.waker.replace(waker),
            None => Some(waker),
        };
        (ahead, before)
    }

    fn leave(&mut self, ticket: u64) -> (Option<Waiter>, Option<Waker>) {
        let place = self.place(ticket);
        let gone = self.waiters.remove(place);
        let next = match place {
            0 => self.waiters.front_mut().and_then(|first| first.waker.take()),
            _ => None,
        };
        (gone, next)
    }

    fn place(&self, ticket: u64) -> usize {
        self.waiters.partition_point(|waiter| waiter.ticket < ticket)
    }
}
