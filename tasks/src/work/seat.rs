//! A worker's seat: how it gets work, and what is left when it goes.

use std::pin::pin;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::seats::Interrupt;
use super::state::State;
use super::stats::Counts;

/// A guard: the seat is free when it is dropped.
pub(crate) struct Seat<I, T, E> {
    desk: Arc<Desk<I, T, E>>,
    /// `None` when it was left already.
    at: Option<usize>,
    interrupt: CancellationToken,
    /// Whether it is counted among those who sleep.
    asleep: bool,
}

/// What a worker finds.
pub(crate) enum Look<R> {
    Take(R),
    /// Nothing before then, unless it is woken.
    Until(Instant),
    /// Nothing, unless it is woken.
    Nothing,
    /// Nothing ever again.
    End,
}

impl<I, T, E> Seat<I, T, E> {
    pub(crate) fn new(desk: Arc<Desk<I, T, E>>, (at, interrupt): (usize, CancellationToken)) -> Self {
        Self { desk, at: Some(at), interrupt, asleep: false }
    }

    pub(crate) fn desk(&self) -> &Desk<I, T, E> {
        &self.desk
    }

    /// What interrupts the work that was taken last.
    pub(crate) const fn interrupt(&self) -> &CancellationToken {
        &self.interrupt
    }

    /// Waits for work. `pick` looks for it, and is told the seat in which it is done. `None` where
    /// there is none ever again, or one worker too many.
    pub(crate) async fn next<R>(&mut self, pick: impl Fn(&mut State<I, T, E>, usize) -> Look<R>) -> Option<R> {
        // Under load there is work, and nobody is to wake anybody.
        if let done @ (Look::Take(_) | Look::End) = self.look(false, &pick) {
            return done.taken();
        }
        let desk = Arc::clone(&self.desk);
        loop {
            let mut woken = pin!(desk.idle.notified());
            // Before the second look, so that what arrives in between is not missed.
            woken.as_mut().enable();
            match self.look(true, &pick) {
                Look::Until(due) => drop(timeout_at(due, woken).await),
                Look::Nothing => woken.await,
                done => return done.taken(),
            }
        }
    }

    /// Looks for work once. Who finds none `sleeps` or looks again; who leaves some wakes another.
    fn look<R>(&mut self, sleeps: bool, pick: impl Fn(&mut State<I, T, E>, usize) -> Look<R>) -> Look<R> {
        let Some(at) = self.at else { return Look::End };
        let mut state = self.desk.lock();
        state.idle.looks(std::mem::take(&mut self.asleep));
        let look = if state.seats.leaves(at) {
            self.at = None;
            Look::End
        } else {
            pick(&mut state, at)
        };
        let wake = match look {
            Look::Take(_) | Look::End => state.intake.queued() > 0 && state.idle.wake(),
            Look::Until(_) | Look::Nothing => {
                self.asleep = sleeps;
                state.idle.sleeps(sleeps);
                false
            }
        };
        drop(state);
        if wake {
            self.desk.idle.notify_one();
        }
        look
    }

    /// The work has ended. `how` is told why it was interrupted, where it was, and counts its items.
    pub(crate) fn end<O>(&mut self, how: impl FnOnce(Interrupt, &mut Counts) -> O) -> O {
        let mut state = self.desk.lock();
        let interrupted = self.at.and_then(|at| state.seats.end(at));
        // Nobody but the stop of a runtime interrupts without a reason.
        let (why, fresh) = interrupted.unzip();
        if let Some(fresh) = fresh {
            self.interrupt = fresh;
        }
        how(why.unwrap_or(Interrupt::Stopped), &mut state.counts)
    }
}

impl<R> Look<R> {
    fn taken(self) -> Option<R> {
        match self {
            Self::Take(taken) => Some(taken),
            _ => None,
        }
    }
}

impl<I, T, E> Drop for Seat<I, T, E> {
    fn drop(&mut self) {
        let Some(at) = self.at else { return };
        let last = {
            let mut state = self.desk.lock();
            state.idle.looks(self.asleep);
            state.seats.free(at);
            state.seats.is_empty()
        };
        if last {
            self.desk.abandon();
        }
    }
}
