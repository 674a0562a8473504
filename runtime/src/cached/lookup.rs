//! Asking the cache, before the function's own run is even made: so a body that moves its
//! arguments does not meet a key that still borrows them.

use std::future::Future;
use std::hash::Hash;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Cached;
use super::entry::Entry;
use super::flight::{Boarding, Landing, Seat, Turn, Wait};
use super::load::{Lead, Led};
use super::shelf::Shelf;
use crate::clock;
use crate::key::Key;

/// What the cache says.
pub enum Lookup<O: Hash + Eq + 'static, R: 'static, J: 'static> {
    /// The answer, from the cache or from another call's run.
    Found(Result<R, J>),
    /// This call is to run the function.
    Lead(Lead<O, R, J>),
}

pin_project! {
    /// A call that asks the cache.
    #[must_use]
    pub struct Looking<K, R, J, C>
    where
        K: Key,
        R: 'static,
        J: 'static,
    {
        stage: Stage<K::Owned, R, J>,
        cache: &'static Cached,
        key: K,
        copied: C,
    }
}

enum Stage<O: Hash + Eq + 'static, R: 'static, J: 'static> {
    New,
    /// Another call has the turn.
    Waiting(Wait, Seat<O, R, J>),
    /// This call has the turn. It looks once more before it runs the function.
    Turn(Turn, Seat<O, R, J>),
    Done,
}

impl<K: Key, R, J, C> Looking<K, R, J, C> {
    pub(super) fn new(cache: &'static Cached, key: K, copied: C) -> Self {
        Self { stage: Stage::New, cache, key, copied }
    }
}

impl<R, K, J, C> Future for Looking<K, R, J, C>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Clone + Send + Sync + 'static,
    C: Fn(&R) -> Option<R>,
{
    type Output = Lookup<K::Owned, R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let desk = Desk { cache: this.cache, shelf: this.cache.shelf(), key: &*this.key, copied: &*this.copied };
        loop {
            match mem::replace(this.stage, Stage::Done) {
                Stage::New => match desk.hit() {
                    Some((_, value)) => return Poll::Ready(Lookup::Found(Ok(value))),
                    None => *this.stage = desk.board(),
                },
                Stage::Waiting(mut wait, seat) => match wait.as_mut().poll(cx) {
                    Poll::Pending => {
                        *this.stage = Stage::Waiting(wait, seat);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(turn)) => *this.stage = Stage::Turn(turn, seat),
                    Poll::Ready(Err(_landed)) => return Poll::Ready(desk.landed(&seat)),
                },
                Stage::Turn(turn, seat) => return Poll::Ready(desk.turn(turn, seat)),
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

/// What a call knows when it asks the cache.
struct Desk<'a, K: Key, R: 'static, J: 'static, C> {
    cache: &'static Cached,
    shelf: &'static Shelf<K::Owned, R, J>,
    key: &'a K,
    copied: &'a C,
}

impl<K, R, J, C> Desk<'_, K, R, J, C>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Clone + Send + Sync + 'static,
    C: Fn(&R) -> Option<R>,
{
    fn hit(&self) -> Option<(Arc<Entry<R>>, R)> {
        let entry = self.shelf.get(self.key, self.cache.limits(), clock::mono)?;
        let value = (self.copied)(&entry.value)?;
        Some((entry, value))
    }

    /// Takes a seat in the key's flight.
    fn board(&self) -> Stage<K::Owned, R, J> {
        let seat = self.shelf.flights.board(self.key.to_owned_key());
        match seat.boarding() {
            Boarding::Wait(wait) => Stage::Waiting(wait, seat),
            Boarding::Turn(turn) => Stage::Turn(turn, seat),
        }
    }

    /// What another flight kept between this call's miss and its turn; else the run is this
    /// call's.
    fn turn(&self, turn: Turn, seat: Seat<K::Owned, R, J>) -> Lookup<K::Owned, R, J> {
        match self.hit() {
            Some((entry, value)) => {
                seat.land(|_| Some(Landing::Kept(entry)));
                Lookup::Found(Ok(value))
            }
            None => Lookup::Lead(self.lead(Some((turn, seat)))),
        }
    }

    /// The answer of another call's run, where it can be shared; else this call runs the function
    /// for itself.
    fn landed(&self, seat: &Seat<K::Owned, R, J>) -> Lookup<K::Owned, R, J> {
        let shared = seat.landing().and_then(|landing| match landing {
            Landing::Kept(entry) => (self.copied)(&entry.value).map(Ok),
            Landing::Shared(own) => (self.copied)(own).map(Ok),
            Landing::Refused(refusal) => Some(Err(refusal.clone())),
        });
        shared.map_or_else(|| Lookup::Lead(self.lead(None)), Lookup::Found)
    }

    fn lead(&self, flight: Option<Led<K::Owned, R, J>>) -> Lead<K::Owned, R, J> {
        Lead { flight, cache: self.cache, shelf: self.shelf, key: Some(self.key.to_owned_key()) }
    }
}
