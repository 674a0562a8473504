//! Where a call asks: at a limiter, or at the books of its key.

use std::hash::Hash;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::RateLimiter;
use super::books::{Account, Books, Taken, Tally, Who, has_line, pass, pass_in_window, pass_smoothly, wait};
use super::place::Place;
use super::quota::{Counted, Quota};
use super::upper::{Back, BackOfKey, Upper};
use crate::key::Key;
use crate::keyed::{Full, View};
use crate::moment::Moment;
use crate::{Rejection, clock};

/// Where a call asks, and what it costs.
#[diagnostic::on_unimplemented(
    message = "a limit that processes share cannot be asked by a function that is not async: its server answers over the network",
    label = "the state of this limiter is not in this process",
    note = "make the function async, or give it a limiter of its own"
)]
pub trait Desk: Copy {
    type Books: Books;
    /// What it keeps of a call that was let through, to give it back.
    type Back: Upper;

    fn limiter(&self) -> &RateLimiter;
    fn cost(&self) -> u32;
    /// The quota, where it is known before the books are found: a key may have one of its own.
    fn quota(&self) -> Option<&Quota>;
    /// Does something with the books, made if they are not there, and the quota in force.
    fn open<T>(&self, now: Instant, step: impl FnOnce(&mut Self::Books, &Quota) -> T) -> Result<T, Full>;
    /// The same where they are there.
    fn find<T>(&self, step: impl FnOnce(&mut Self::Books, &Quota) -> T) -> Option<T>;
    /// The same where the quota is [known](Self::quota).
    fn find_books<T>(&self, step: impl FnOnce(&mut Self::Books) -> T) -> Option<T>;
    fn back(self, taken: Taken) -> Self::Back;
}

/// What becomes of a call that comes.
pub(super) enum Arrival<D: Desk> {
    Admitted(Taken),
    Refused(Refused),
    InLine(Place<D>),
}

/// Why a call is refused.
pub(super) enum Refused {
    /// It would have to wait so long.
    For(Duration),
    /// It costs more than there can ever be.
    TooCostly { most: u32 },
}

enum Answer {
    Asked(Result<Taken, Refused>),
    Ticket(u64),
}

/// Lets a call through when it need not wait. The short way of [`arrive`] for most calls.
#[inline(always)] // Or the desk is written to memory, and the lock waits for that.
pub(super) fn passes<D: Desk>(desk: D, moment: Moment) -> bool {
    pass_at(desk, moment, |taken| taken.is_some())
}

/// What became of it, as far as the caller wants to know; the rest is then not made. A rate may go by the
/// [counter](clock::count) here: who is held up asks again, by the clock.
#[inline(always)]
fn pass_at<D: Desk, T: Default>(desk: D, moment: Moment, told: impl Fn(Option<Taken>) -> T) -> T {
    let cost = desk.cost();
    if cost == 0 {
        return told(Some(Taken::Nothing));
    }
    let passed = match desk.quota() {
        // What can be worked out before the books are open is: nobody else gets at them meanwhile.
        Some(Quota(Counted::Rate { pace, .. })) => {
            let now = moment.count();
            desk.find_books(|books| match has_line(books) {
                true => T::default(),
                false => told(pass_smoothly(books, *pace, cost, now)),
            })
        }
        Some(Quota(Counted::Window { max_calls, period })) => {
            let now = moment.or_now();
            desk.find_books(|books| match has_line(books) {
                true => T::default(),
                false => told(pass_in_window(books, *max_calls, period, cost, now)),
            })
        }
        None => None,
    };
    match passed {
        Some(passed) => passed,
        None => told(pass_opened(desk, moment.or_now())),
    }
}

/// The same for books that are not there yet, or have a quota of their own. Who made them meanwhile may
/// have read a later time: then this call is held up, and asks again with a time of its own.
#[cold]
#[inline(never)]
fn pass_opened<D: Desk>(desk: D, now: Instant) -> Option<Taken> {
    let passed = desk.open(now, |books, quota| match has_line(books) {
        true => None,
        false => pass(books, quota, desk.cost(), now),
    });
    passed.ok().flatten()
}

/// Lets a call through, or puts it in line, or refuses it.
pub(super) fn arrive<D: Desk>(desk: D) -> Arrival<D> {
    if desk.cost() == 0 {
        return Arrival::Admitted(Taken::Nothing);
    }
    let limiter = desk.limiter();
    let (now, max_wait) = (clock::mono(), limiter.terms.get().max_wait);
    let may_wait = |wait| wait <= max_wait && Handle::try_current().is_ok();
    let answer = desk.open(now, |books, quota| match ask(books, quota, desk.cost(), now) {
        Err(Refused::For(wait)) if may_wait(wait) => Answer::Ticket(books.page_mut().line.join(desk.cost())),
        asked => Answer::Asked(asked),
    });
    match answer {
        Ok(Answer::Ticket(ticket)) => Arrival::InLine(Place::new(desk, ticket, now)),
        Ok(Answer::Asked(Ok(taken))) => Arrival::Admitted(taken),
        Ok(Answer::Asked(Err(refused))) => Arrival::Refused(refused),
        Err(full) => Arrival::Refused(Refused::For(full.retry_after)),
    }
}

/// Lets a call through or refuses it, and never waits.
pub(super) fn admit_now<D: Desk>(desk: D, moment: Moment) -> Result<Taken, Rejection> {
    if let Some(taken) = pass_at(desk, moment, |taken| taken) {
        return Ok(taken);
    }
    let now = clock::mono();
    let answer = desk.open(now, |books, quota| ask(books, quota, desk.cost(), now));
    answer.unwrap_or_else(|full| Err(Refused::For(full.retry_after))).map_err(|refused| refused.by(&desk))
}

/// Lets a call through when nobody waits, or says why not.
fn ask(books: &mut impl Books, quota: &Quota, cost: u32, now: Instant) -> Result<Taken, Refused> {
    let most = quota.most();
    if cost > most {
        return Err(Refused::TooCostly { most });
    }
    let taken = if has_line(books) { None } else { pass(books, quota, cost, now) };
    taken.ok_or_else(|| Refused::For(wait(books, quota, Who::All, cost, now)))
}

impl Refused {
    #[cold]
    pub(super) fn by<D: Desk>(self, desk: &D) -> Rejection {
        match self {
            Self::For(wait) => desk.limiter().limited(wait),
            Self::TooCostly { most } => desk.limiter().too_costly(desk.cost(), most),
        }
    }
}

/// A call at a limiter, that costs one.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a>(pub(super) &'a RateLimiter);

/// A call at a limiter.
#[derive(Clone, Copy, Debug)]
pub struct Weighted<'a> {
    pub(super) limiter: &'a RateLimiter,
    pub(super) cost: u32,
}

impl<'a> Desk for Unit<'a> {
    type Books = Account;
    type Back = Back<'a>;

    #[inline]
    fn limiter(&self) -> &RateLimiter {
        self.0
    }

    #[inline]
    fn cost(&self) -> u32 {
        1
    }

    #[inline]
    fn quota(&self) -> Option<&Quota> {
        Some(&self.0.terms.get().quota)
    }

    #[inline]
    fn open<T>(&self, _: Instant, step: impl FnOnce(&mut Account, &Quota) -> T) -> Result<T, Full> {
        Ok(step(&mut self.0.account(), &self.0.terms.get().quota))
    }

    #[inline(always)]
    fn find<T>(&self, step: impl FnOnce(&mut Account, &Quota) -> T) -> Option<T> {
        Some(step(&mut self.0.account(), &self.0.terms.get().quota))
    }

    #[inline(always)]
    fn find_books<T>(&self, step: impl FnOnce(&mut Account) -> T) -> Option<T> {
        Some(step(&mut self.0.account()))
    }

    fn back(self, taken: Taken) -> Back<'a> {
        Back { limiter: self.0, cost: 1, taken }
    }
}

impl<'a> Desk for Weighted<'a> {
    type Books = Account;
    type Back = Back<'a>;

    fn limiter(&self) -> &RateLimiter {
        self.limiter
    }

    fn cost(&self) -> u32 {
        self.cost
    }

    #[inline]
    fn quota(&self) -> Option<&Quota> {
        Some(&self.limiter.terms.get().quota)
    }

    fn open<T>(&self, now: Instant, step: impl FnOnce(&mut Account, &Quota) -> T) -> Result<T, Full> {
        Unit(self.limiter).open(now, step)
    }

    #[inline(always)]
    fn find<T>(&self, step: impl FnOnce(&mut Account, &Quota) -> T) -> Option<T> {
        Unit(self.limiter).find(step)
    }

    #[inline(always)]
    fn find_books<T>(&self, step: impl FnOnce(&mut Account) -> T) -> Option<T> {
        Unit(self.limiter).find_books(step)
    }

    fn back(self, taken: Taken) -> Back<'a> {
        Back { limiter: self.limiter, cost: self.cost, taken }
    }
}

/// A call of a key.
#[derive(Debug)]
pub struct OfKey<'a, Q: Key> {
    pub(super) view: View<'a, Q::Owned, RateLimiter>,
    pub(super) key: Q,
    pub(super) cost: u32,
}

impl<Q: Key + Copy> Clone for OfKey<'_, Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q: Key + Copy> Copy for OfKey<'_, Q> {}

impl<'a, Q: Key<Owned: Hash + Send + 'static> + Copy> Desk for OfKey<'a, Q> {
    type Books = Tally;
    type Back = BackOfKey<'a, Q::Owned>;

    #[inline]
    fn limiter(&self) -> &RateLimiter {
        self.view.policy()
    }

    #[inline]
    fn cost(&self) -> u32 {
        self.cost
    }

    #[inline]
    fn quota(&self) -> Option<&Quota> {
        (!self.view.has_own()).then(|| &self.view.policy().terms.get().quota)
    }

    #[inline]
    fn open<T>(&self, now: Instant, step: impl FnOnce(&mut Tally, &Quota) -> T) -> Result<T, Full> {
        let all = &self.view.policy().terms.get().quota;
        self.view.with(&self.key, || now, |tally, own| step(tally, own.unwrap_or(all)))
    }

    #[inline(always)]
    fn find<T>(&self, step: impl FnOnce(&mut Tally, &Quota) -> T) -> Option<T> {
        let all = &self.view.policy().terms.get().quota;
        self.view.find(&self.key, |tally, own| step(tally, own.unwrap_or(all)))
    }

    #[inline(always)]
    fn find_books<T>(&self, step: impl FnOnce(&mut Tally) -> T) -> Option<T> {
        self.view.find_state(&self.key, step)
    }

    fn back(self, taken: Taken) -> Self::Back {
        BackOfKey { view: self.view, key: self.key.to_owned_key(), cost: self.cost, taken }
    }
}
