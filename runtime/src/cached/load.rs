//! The run that fills an entry.

use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::decision::{Times, Worth, times};
use super::entry::{Entry, Kept};
use super::flight::{Landing, Seat, Turn};
use super::form::Form;
use super::shelf::Shelf;
use super::tier::Ticket;
use super::tiered::{Answer, Asking, Telling, Tiered};
use crate::__rt::Refusal;
use crate::clock;

/// The right and the duty to run the function for a key. Dropped without a result, it hands over
/// to the next call that waits.
pub struct Leading<O: Hash + Eq, V> {
    /// The flight this call leads: its turn, and its own seat. `None` where it runs for itself,
    /// because what the flight landed with cannot be shared.
    flight: Option<(Turn, Seat<O, V>)>,
    shelf: Arc<Shelf<O, V>>,
    tier: Option<Arc<dyn Tiered<O, V>>>,
    /// What the second tier gave for the value that is loaded now; `None` where it does not get it.
    ticket: Option<Ticket>,
    /// `None` once it went into the entry.
    key: Option<O>,
    older: Option<Older<V>>,
    begun: Instant,
    epoch: u64,
    changes: u64,
}

/// In a box, so that a hit does not move it.
pub type Lead<O, V> = Box<Leading<O, V>>;

/// A value that is there already: one that is refreshed, or one that has expired.
pub(super) struct Older<V> {
    entry: Arc<Entry<V>>,
    /// The entry's refresh is this call's, until it is given back.
    refreshes: bool,
}

impl<V> Older<V> {
    /// An entry whose refresh is due; `None` where another call has it.
    pub(super) fn claim(entry: &Arc<Entry<V>>) -> Option<Self> {
        entry.claim_refresh().then(|| Self { entry: entry.clone(), refreshes: true })
    }

    pub(super) fn expired(entry: Arc<Entry<V>>) -> Self {
        Self { entry, refreshes: false }
    }

    fn failed(&mut self, now: Instant) {
        if self.refreshes {
            self.refreshes = false;
            self.entry.give_refresh_back(Some(now));
        }
    }
}

impl<V> Drop for Older<V> {
    fn drop(&mut self) {
        if self.refreshes {
            self.entry.give_refresh_back(None);
        }
    }
}

pin_project! {
    /// A call that runs the function and keeps what it returns.
    #[must_use]
    pub struct Load<O, V, R, J, M, F>
    where
        O: Hash,
        O: Eq,
    {
        // Before `lead`: what ran is dropped before the next in the flight gets the turn.
        #[pin]
        inner: F,
        lead: Option<Lead<O, V>>,
        form: M,
        beside: Beside<V, R, J>,
    }
}

/// What is said to the second tier, before and after the run. Behind locks that nobody takes, so
/// that the call can be shared between threads though the tier's futures cannot.
enum Beside<V, R, J> {
    New,
    Asking(Mutex<Asking<V>>),
    Asked,
    Telling(Result<R, J>, Mutex<Telling>),
}

impl<O: Hash + Eq, V, R, J, M, F> Load<O, V, R, J, M, F> {
    pub(super) fn new(lead: Lead<O, V>, form: M, inner: F) -> Self {
        Self { inner, lead: Some(lead), form, beside: Beside::New }
    }
}

impl<O, V, R, J, M, F> Future for Load<O, V, R, J, M, F>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<V, R>,
    F: Future<Output = Result<R, J>>,
{
    type Output = Result<R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Beside::Telling(_, telling) = this.beside {
            return poll_locked(telling, cx).map(|_told| told(this.beside)).flat();
        }
        // Taken out, so that an unwinding panic gives the turn and the seat back.
        let Some(lead) = this.lead.take() else {
            return Poll::Pending;
        };
        if let Beside::New = this.beside {
            *this.beside = lead.ask();
        }
        let lead = match ask(this.beside, lead, &*this.form, cx) {
            Asked::Wait(lead) => {
                *this.lead = Some(lead);
                return Poll::Pending;
            }
            Asked::Over(result) => return Poll::Ready(result),
            Asked::Run(lead) => lead,
        };
        let Poll::Ready(result) = this.inner.poll(cx) else {
            *this.lead = Some(lead);
            return Poll::Pending;
        };
        let (result, telling) = lead.land(result, &*this.form);
        let Some(telling) = telling else {
            return Poll::Ready(result);
        };
        let mut telling = Mutex::new(telling);
        if poll_locked(&mut telling, cx).is_ready() {
            return Poll::Ready(result);
        }
        *this.beside = Beside::Telling(result, telling);
        Poll::Pending
    }
}

fn poll_locked<T>(future: &mut Mutex<Pin<Box<dyn Future<Output = T> + Send>>>, cx: &mut Context<'_>) -> Poll<T> {
    future.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx)
}

/// The result that waited until the second tier was told.
fn told<V, R, J>(beside: &mut Beside<V, R, J>) -> Poll<Result<R, J>> {
    match std::mem::replace(beside, Beside::Asked) {
        Beside::Telling(result, _) => Poll::Ready(result),
        _ => Poll::Pending,
    }
}

trait Flat<T> {
    fn flat(self) -> Poll<T>;
}

impl<T> Flat<T> for Poll<Poll<T>> {
    fn flat(self) -> Poll<T> {
        match self {
            Poll::Ready(inner) => inner,
            Poll::Pending => Poll::Pending,
        }
    }
}

enum Asked<O: Hash + Eq, V, R, J> {
    Wait(Lead<O, V>),
    Over(Result<R, J>),
    Run(Lead<O, V>),
}

/// Waits for the second tier, where it was asked.
fn ask<O, V, R, J, M>(
    beside: &mut Beside<V, R, J>,
    lead: Lead<O, V>,
    form: &M,
    cx: &mut Context<'_>,
) -> Asked<O, V, R, J>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    M: Form<V, R>,
{
    let Beside::Asking(asking) = beside else {
        return Asked::Run(lead);
    };
    let Poll::Ready(answer) = poll_locked(asking, cx) else {
        return Asked::Wait(lead);
    };
    *beside = Beside::Asked;
    lead.hear(answer, form)
}

impl<O, V> Leading<O, V>
where
    O: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(super) fn new(
        shelf: Arc<Shelf<O, V>>,
        tier: Option<Arc<dyn Tiered<O, V>>>,
        key: O,
        flight: Option<(Turn, Seat<O, V>)>,
        older: Option<Older<V>>,
    ) -> Lead<O, V> {
        let (epoch, changes) = (shelf.epoch(), shelf.changes());
        Box::new(Self {
            flight,
            shelf,
            tier,
            ticket: None,
            key: Some(key),
            older,
            begun: clock::mono(),
            epoch,
            changes,
        })
    }

    pub(super) fn put_behind(&mut self, tier: impl Tiered<O, V>) {
        self.tier = Some(Arc::new(tier));
    }

    /// The value that is refreshed, which may be handed out meanwhile.
    pub(super) fn refreshed(&self) -> Option<&Kept<V>> {
        self.older.as_ref().filter(|older| older.refreshes).map(|older| &older.entry.kept)
    }

    fn ask<R, J>(&self) -> Beside<V, R, J> {
        match (&self.tier, &self.key) {
            (Some(tier), Some(key)) => Beside::Asking(Mutex::new(tier.get(&self.shelf, key))),
            _ => Beside::Asked,
        }
    }

    /// Does what follows from the second tier's answer.
    fn hear<R, J, M>(mut self: Box<Self>, answer: Answer<V>, form: &M) -> Asked<O, V, R, J>
    where
        R: Send + Sync + 'static,
        J: Refusal + Clone + Send + Sync + 'static,
        M: Form<V, R>,
    {
        let found = match answer {
            Answer::Found(value, left, ticket) => {
                self.ticket = Some(ticket);
                self.found(value, left)
            }
            Answer::Missing(ticket) => {
                self.ticket = Some(ticket);
                None
            }
            Answer::Silent => None,
            Answer::Refused(rejection) => match J::refused(rejection) {
                Some(refusal) => return Asked::Over(self.land_failed(Err(refusal), form, clock::mono())),
                None => None,
            },
        };
        match found.and_then(|entry| Some((form.give(&entry.kept)?, entry))) {
            Some((value, entry)) => {
                self.land_found(entry);
                Asked::Over(Ok(value))
            }
            None => Asked::Run(self),
        }
    }

    /// The entry of a value that the second tier has. The value that is refreshed, or one that is
    /// as old, is no answer to a refresh.
    fn found(&self, value: V, left: Duration) -> Option<Arc<Entry<V>>> {
        let limits = &self.shelf.limits;
        let times = times(limits, Worth::Good, fastrand::f64(), Some(left))?;
        let refreshed = self.older.as_ref().filter(|older| older.refreshes);
        let again = refreshed.is_some_and(|older| {
            let younger = left.saturating_sub(limits.ttl / 10) > older.entry.left(clock::mono());
            times.refresh == 0 || !younger
        });
        (times.life > 0 && !again).then(|| self.shelf.entry(Kept::Value(value), self.epoch, times))
    }

    /// Ends the flight with what the second tier had.
    fn land_found(mut self, entry: Arc<Entry<V>>) {
        self.shelf.counters.tier_hits.one();
        self.keep(&entry);
        if let Some((_turn, seat)) = &self.flight {
            seat.land(|_| Some(Landing::Kept(entry)));
        }
    }

    /// Keeps the result of the run, and ends its flight with it. What the caller gets may be an
    /// older value; what is said to the second tier comes beside.
    fn land<R, J, M>(mut self, result: Result<R, J>, form: &M) -> (Result<R, J>, Option<Telling>)
    where
        R: Send + Sync + 'static,
        J: Clone + Send + Sync + 'static,
        M: Form<V, R>,
    {
        let worth = result.as_ref().map_or(Worth::Bad, |own| form.worth(own));
        let now = clock::mono();
        let took = now.saturating_duration_since(self.begun);
        self.shelf.counters.loaded(took, worth != Worth::Good);
        let times = times(&self.shelf.limits, worth, fastrand::f64(), None);
        let made = times.and_then(|times| self.made(result.as_ref().ok()?, times, form));
        if let Some(entry) = made {
            let telling = times.and_then(|times| self.tell(&entry, times));
            // Kept before the flight ends, so that who comes after finds the one or the other.
            self.keep(&entry);
            self.end(|_| Some(Landing::Kept(entry)));
            return (result, telling);
        }
        if worth == Worth::Bad {
            return (self.land_failed(result, form, now), None);
        }
        self.end_older(worth);
        self.end(|others| others.then(|| share(&result, form)).flatten());
        (result, None)
    }

    /// Ends the flight with a failure, or with an older value in its place.
    fn land_failed<R, J, M>(mut self, result: Result<R, J>, form: &M, now: Instant) -> Result<R, J>
    where
        R: Send + Sync + 'static,
        J: Clone + Send + Sync + 'static,
        M: Form<V, R>,
    {
        let (result, landing) = self.stand_in(result, form, now);
        self.end(|others| match landing {
            Some(entry) => Some(Landing::Kept(entry)),
            None if others => share(&result, form),
            None => None,
        });
        result
    }

    fn made<R, M: Form<V, R>>(&self, own: &R, times: Times, form: &M) -> Option<Arc<Entry<V>>> {
        Some(self.shelf.entry(form.keep(own)?, self.epoch, times))
    }

    fn keep(&mut self, entry: &Arc<Entry<V>>) {
        let Some(key) = self.key.take() else { return };
        match &self.flight {
            Some((_, seat)) => self.shelf.keep(key, entry, &seat.flight),
            None => self.shelf.keep_alone(key, entry, self.changes),
        }
    }

    /// Whether the key, or all of them, were invalidated since the load began.
    fn is_void(&self) -> bool {
        let void = match &self.flight {
            Some((_, seat)) => seat.flight.is_void(),
            None => self.shelf.changes() != self.changes,
        };
        void || self.shelf.epoch() != self.epoch
    }

    /// Puts a value that was kept into the second tier too.
    fn tell(&mut self, entry: &Entry<V>, times: Times) -> Option<Telling> {
        let ticket = self.ticket.take()?;
        let (tier, Kept::Value(value)) = (self.tier.as_ref()?, &entry.kept) else { return None };
        if self.is_void() {
            return None;
        }
        tier.put(&self.shelf, self.key.as_ref()?, value, Duration::from_nanos(times.life), ticket)
    }

    /// After a failure, an older value in its place where one is good enough for that.
    fn stand_in<R, J, M: Form<V, R>>(
        &mut self,
        result: Result<R, J>,
        form: &M,
        now: Instant,
    ) -> (Result<R, J>, Option<Arc<Entry<V>>>) {
        let void = self.is_void();
        let Some(older) = &mut self.older else { return (result, None) };
        older.failed(now);
        if void || !older.entry.stands_in(now) {
            return (result, None);
        }
        match form.give(&older.entry.kept) {
            Some(value) => {
                self.shelf.counters.stood_in.one();
                (Ok(value), Some(older.entry.clone()))
            }
            None => (result, None),
        }
    }

    /// A definite "no" that is not kept: an older value is no longer true.
    fn end_older(&mut self, worth: Worth) {
        if let (Worth::Negative, Some(older), Some(key)) = (worth, self.older.take(), &self.key) {
            self.shelf.end(key, &older.entry);
        }
    }

    fn end(&self, landing: impl FnOnce(bool) -> Option<Landing<V>>) {
        if let Some((_turn, seat)) = &self.flight {
            seat.land(landing);
        }
    }
}

/// What the others aboard get of a result that is not kept.
fn share<V, R, J, M>(result: &Result<R, J>, form: &M) -> Option<Landing<V>>
where
    R: Send + Sync + 'static,
    J: Clone + Send + Sync + 'static,
    M: Form<V, R>,
{
    let copy: Result<R, J> = match result {
        Ok(own) => Ok(form.copied(own)?),
        Err(refusal) => Err(refusal.clone()),
    };
    Some(Landing::Shared(Box::new(copy)))
}
