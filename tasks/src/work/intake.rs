//! What is in, who waits to get in, and that it is never more than allowed.
//!
//! Pure: it is told the time, and gives back whom to wake.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::line::{Entry, Line};

/// A bounded queue of jobs `J`, and the line of those who wait for room in it, each with what wakes them.
#[derive(Debug)]
pub(crate) struct Intake<J, W> {
    capacity: usize,
    queue: Line<J>,
    waiting: Line<W>,
    /// Who was given room and has not yet used it.
    granted: BTreeSet<u64>,
    open: bool,
    ids: u64,
}

/// What became of a job that came in without waiting.
#[derive(Debug)]
pub(crate) enum Entered<J> {
    In {
        id: u64,
        /// The one that had to make room.
        displaced: Option<Entry<J>>,
    },
    Full(J),
    Closed(J),
}

/// What became of somebody who wants to wait for room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stood {
    /// There is some already.
    Granted(u64),
    Waiting(u64),
    Closed,
}

impl<J, W> Intake<J, W> {
    pub(crate) const fn new(capacity: usize, ageing: Duration) -> Self {
        Self {
            capacity,
            queue: Line::new(ageing),
            waiting: Line::new(ageing),
            granted: BTreeSet::new(),
            open: true,
            ids: 0,
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) const fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(crate) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The job that is next, and since when it is there.
    pub(crate) fn first(&self) -> Option<&Entry<J>> {
        self.queue.first()
    }

    /// The id that the next job gets: all that are in have smaller ones.
    pub(crate) const fn next_id(&self) -> u64 {
        self.ids
    }

    pub(crate) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut J> {
        self.queue.iter_mut()
    }

    /// Room that somebody was given counts as taken, so nobody comes in past those who wait.
    fn has_room(&self) -> bool {
        self.queue.len() + self.granted.len() < self.capacity
    }

    fn id(&mut self) -> u64 {
        let id = self.ids;
        self.ids = self.ids.wrapping_add(1);
        id
    }

    /// Comes in where there is room, or where another may be displaced.
    pub(crate) fn enter(&mut self, now: Instant, priority: i8, displace: bool, job: J) -> Entered<J> {
        if !self.open {
            return Entered::Closed(job);
        }
        let displaced = match self.has_room() {
            true => None,
            false if displace => match self.queue.displace(priority) {
                None => return Entered::Full(job),
                displaced => displaced,
            },
            false => return Entered::Full(job),
        };
        let id = self.id();
        self.queue.push(now, priority, id, job);
        Entered::In { id, displaced }
    }

    /// Waits for room, which is given in the order in which jobs are taken.
    pub(crate) fn stand(&mut self, now: Instant, priority: i8, waker: W) -> Stood {
        if !self.open {
            return Stood::Closed;
        }
        let (id, room) = (self.id(), self.has_room());
        if room {
            self.granted.insert(id);
            return Stood::Granted(id);
        }
        self.waiting.push(now, priority, id, waker);
        Stood::Waiting(id)
    }

    /// Uses the room that was given. The job comes back where the queue was closed meanwhile.
    pub(crate) fn fill(&mut self, now: Instant, priority: i8, granted: u64, job: J) -> Result<u64, J> {
        if !self.granted.remove(&granted) || !self.open {
            return Err(job);
        }
        let id = self.id();
        self.queue.push(now, priority, id, job);
        Ok(id)
    }

    /// No longer waits, or does not use the room that was given: who gets it instead is to be woken.
    pub(crate) fn leave(&mut self, id: u64) -> Option<W> {
        if self.waiting.remove(id).is_none() {
            self.granted.remove(&id);
        }
        self.grant()
    }

    /// Takes the next job out; who gets its room is to be woken.
    pub(crate) fn take(&mut self) -> Option<(Entry<J>, Option<W>)> {
        let job = self.queue.pop()?;
        Some((job, self.grant()))
    }

    /// Takes one job out; who gets its room is to be woken.
    pub(crate) fn remove(&mut self, id: u64) -> Option<(Entry<J>, Option<W>)> {
        let job = self.queue.remove(id)?;
        Some((job, self.grant()))
    }

    /// Gives free room to the first who waits for it.
    fn grant(&mut self) -> Option<W> {
        if !self.open || !self.has_room() {
            return None;
        }
        let first = self.waiting.pop()?;
        self.granted.insert(first.id);
        Some(first.value)
    }

    /// Lets nobody in any more. Who waited is to be told, by dropping what wakes them.
    pub(crate) fn close(&mut self) -> Vec<W> {
        self.open = false;
        std::iter::from_fn(|| self.waiting.pop()).map(|waiter| waiter.value).collect()
    }
}
