//! Which worker does what, how many there should be, and who must stop.

use tokio_util::sync::CancellationToken;

use super::error::TaskError;

/// The workers, each in a seat of its own. A seat that is left is taken by the next who comes.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    seats: Vec<Option<Seat>>,
    /// How many of those who are here are too many.
    surplus: usize,
}

#[derive(Debug, Default)]
struct Seat {
    doing: Doing,
    token: CancellationToken,
    interrupt: Option<Interrupt>,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    #[default]
    Nothing,
    /// The job of this id, which may be cancelled by itself.
    One(u64),
    /// So many jobs, which end together.
    Many(usize),
}

impl Doing {
    const fn jobs(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(_) => 1,
            Self::Many(jobs) => jobs,
        }
    }
}

/// Why a worker's work is dropped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    Cancelled,
    Stopped,
}

impl<E> From<Interrupt> for TaskError<E> {
    fn from(why: Interrupt) -> Self {
        match why {
            Interrupt::Cancelled => Self::Cancelled { began: true },
            Interrupt::Stopped => Self::Stopped { began: true },
        }
    }
}

impl Seats {
    pub(crate) fn workers(&self) -> usize {
        self.seats.iter().flatten().count().saturating_sub(self.surplus)
    }

    /// How many jobs are being worked on.
    pub(crate) fn running(&self) -> usize {
        self.seats.iter().flatten().map(|seat| seat.doing.jobs()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seats.iter().all(Option::is_none)
    }

    /// Makes it so many workers. Those that are missing have seats from now on, and must be begun;
    /// those that are too many go when they ask for work.
    pub(crate) fn resize(&mut self, workers: usize) -> Vec<(usize, CancellationToken)> {
        let here = self.seats.iter().flatten().count();
        self.surplus = here.saturating_sub(workers);
        (here..workers).map(|_| self.seat()).collect()
    }

    fn seat(&mut self) -> (usize, CancellationToken) {
        let at = self.seats.iter().position(Option::is_none).unwrap_or_else(|| {
            self.seats.push(None);
            self.seats.len() - 1
        });
        let seat = Seat::default();
        let token = seat.token.clone();
        self.seats[at] = Some(seat);
        (at, token)
    }

    /// Whether the worker who asks is one too many. Then its seat is free.
    pub(crate) fn leaves(&mut self, at: usize) -> bool {
        if self.surplus == 0 {
            return false;
        }
        self.surplus -= 1;
        self.free(at);
        true
    }

    pub(crate) fn free(&mut self, at: usize) {
        if let Some(seat) = self.seats.get_mut(at) {
            *seat = None;
        }
    }

    pub(crate) fn begin(&mut self, at: usize, doing: Doing) {
        if let Some(Some(seat)) = self.seats.get_mut(at) {
            seat.doing = doing;
        }
    }

    /// The work has ended. Where it was interrupted, it says why, and what interrupts the next work.
    pub(crate) fn end(&mut self, at: usize) -> Option<(Interrupt, CancellationToken)> {
        let seat = self.seats.get_mut(at)?.as_mut()?;
        seat.doing = Doing::Nothing;
        let interrupt = seat.interrupt.take()?;
        seat.token = CancellationToken::new();
        Some((interrupt, seat.token.clone()))
    }

    /// Interrupts the work on one job, where it is worked on by itself.
    pub(crate) fn cancel(&mut self, id: u64) {
        if let Some(seat) = self.seats.iter_mut().flatten().find(|seat| seat.doing == Doing::One(id)) {
            seat.interrupt(Interrupt::Cancelled);
        }
    }

    /// Interrupts everybody's work, and says on how many jobs.
    pub(crate) fn stop(&mut self) -> usize {
        let busy = self.seats.iter_mut().flatten().filter(|seat| seat.doing != Doing::Nothing);
        busy.map(|seat| {
            seat.interrupt(Interrupt::Stopped);
            seat.doing.jobs()
        })
        .sum()
    }
}

impl Seat {
    /// The first reason counts. Under the lock: a token of tokio's wakes only tasks of tokio's, and these
    /// are polled elsewhere.
    fn interrupt(&mut self, why: Interrupt) {
        self.interrupt.get_or_insert(why);
        self.token.cancel();
    }
}
