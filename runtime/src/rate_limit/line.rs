//! The line of those who wait: first come, first served.

use std::collections::VecDeque;
use std::task::Waker;

/// Waiters in the order they came. Nothing is reserved for them; only the first may ask.
///
/// Its methods give wakers back instead of dropping or waking them: that may run code that stands
/// in this line, and they are called under its lock.
#[derive(Debug)]
pub(super) struct Line {
    next_ticket: u64,
    /// Sorted by ticket.
    waiters: VecDeque<Waiter>,
    /// What they cost together.
    cost: u64,
}

#[derive(Debug)]
pub(super) struct Waiter {
    ticket: u64,
    cost: u32,
    waker: Option<Waker>,
}

/// Those who stand before somebody.
pub(super) struct Ahead<'a> {
    pub(super) calls: usize,
    line: Option<&'a Line>,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { next_ticket: 0, waiters: VecDeque::new(), cost: 0 }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Joins at the end, with a ticket.
    pub(super) fn join(&mut self, cost: u32) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiters.push_back(Waiter { ticket, cost, waker: None });
        self.cost += u64::from(cost);
        ticket
    }

    /// Keeps the waker of this ticket, in exchange for the one before.
    pub(super) fn keep(&mut self, ticket: u64, waker: Waker) -> Option<Waker> {
        let place = self.place(ticket);
        match self.waiters.get_mut(place) {
            Some(waiter) => waiter.waker.replace(waker),
            None => Some(waker),
        }
    }

    /// Leaves. What is left of its place, and the waker of the next when that becomes the first.
    pub(super) fn leave(&mut self, ticket: u64) -> (Option<Waiter>, Option<Waker>) {
        let place = self.place(ticket);
        let gone = self.waiters.remove(place);
        self.cost -= gone.as_ref().map_or(0, |gone| u64::from(gone.cost));
        let next = if place == 0 { self.first() } else { None };
        (gone, next)
    }

    /// The waker of the first, who has a reason to ask again.
    pub(super) fn first(&mut self) -> Option<Waker> {
        self.waiters.front_mut().and_then(|first| first.waker.take())
    }

    /// Everybody, for one who would join.
    pub(super) fn all(&self) -> Ahead<'_> {
        Ahead { calls: self.len(), line: Some(self) }
    }

    /// Those before this ticket.
    pub(super) fn ahead(&self, ticket: u64) -> Ahead<'_> {
        Ahead { calls: self.place(ticket), line: Some(self) }
    }

    fn place(&self, ticket: u64) -> usize {
        self.waiters.partition_point(|waiter| waiter.ticket < ticket)
    }
}

impl Ahead<'_> {
    /// Nobody, where there is no line.
    pub(super) const NOBODY: Self = Self { calls: 0, line: None };

    pub(super) fn costs(&self) -> impl Iterator<Item = u32> {
        self.line.into_iter().flat_map(|line| line.waiters.iter()).take(self.calls).map(|waiter| waiter.cost)
    }

    pub(super) fn cost(&self) -> u64 {
        match self.line {
            Some(line) if self.calls == line.len() => line.cost,
            _ => self.costs().map(u64::from).sum(),
        }
    }

    pub(super) fn each_costs_one(&self) -> bool {
        match self.line {
            // No call in a line costs nothing.
            Some(line) => line.cost == line.len() as u64 || self.costs().all(|cost| cost == 1),
            None => true,
        }
    }
}
