//! A call behind its cache.

use std::future::Future;
use std::hash::Hash;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Cached;
use super::decision::{Worth, life};
use super::entry::Entry;
use super::flight::{Boarding, Landing, Seat, Turn, Wait};
use super::key::Key;
use super::shelf::Shelf;
use crate::__rt::Refusal;
use crate::clock;

pin_project! {
    /// A call that is answered from the cache, from another call's run, or from its own.
    #[must_use]
    pub struct CachedCall<K, R, J, W, C, F>
    where
        K: Key,
        R: 'static,
        J: 'static,
    {
        // Before `stage`: what ran is dropped before the next in the flight gets the turn.
        #[pin]
        inner: F,
        stage: Stage<K::Owned, R, J>,
        cache: &'static Cached,
        key: K,
        worth: W,
        copied: C,
    }
}

enum Stage<O: Hash + Eq + 'static, R: 'static, J: 'static> {
    New,
    /// Another call has the turn.
    Waiting(Wait, Seat<O, R, J>),
    /// This call has the turn. It looks once more before it runs the function.
    Turn(Turn, Seat<O, R, J>),
    /// This call runs the function for its flight.
    Leading(Turn, Seat<O, R, J>),
    /// This call runs the function for itself, because what the flight landed with cannot be
    /// shared.
    Alone,
    Done,
}

impl<K, R, J, W, C, F> CachedCall<K, R, J, W, C, F>
where
    K: Key,
{
    pub(super) fn new(cache: &'static Cached, key: K, worth: W, copied: C, inner: F) -> Self {
        Self {
            inner,
            stage: Stage::New,
            cache,
            key,
            worth,
            copied,
        }
    }
}

impl<R, K, J, W, C, F> Future for CachedCall<K, R, J, W, C, F>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Refusal + Clone + Send + Sync + 'static,
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
    F: Future<Output = Result<R, J>>,
{
    type Output = Result<R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let desk = Desk {
            cache: this.cache,
            shelf: this.cache.shelf(),
            key: &*this.key,
            worth: &*this.worth,
            copied: &*this.copied,
        };
        loop {
            // Taken out, so that an unwinding panic gives the turn and the seat back.
            match mem::replace(this.stage, Stage::Done) {
                Stage::New => match desk.hit() {
                    Some((_, value)) => return Poll::Ready(Ok(value)),
                    None => *this.stage = desk.board(),
                },
                Stage::Waiting(mut wait, seat) => match wait.as_mut().poll(cx) {
                    Poll::Pending => {
                        *this.stage = Stage::Waiting(wait, seat);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(turn)) => *this.stage = Stage::Turn(turn, seat),
                    Poll::Ready(Err(_landed)) => match desk.shared(&seat) {
                        Some(answer) => return Poll::Ready(answer),
                        None => *this.stage = Stage::Alone,
                    },
                },
                Stage::Turn(turn, seat) => match desk.found(&seat) {
                    Some(value) => return Poll::Ready(Ok(value)),
                    None => *this.stage = Stage::Leading(turn, seat),
                },
                Stage::Leading(turn, seat) => match this.inner.as_mut().poll(cx) {
                    Poll::Pending => {
                        *this.stage = Stage::Leading(turn, seat);
                        return Poll::Pending;
                    }
                    Poll::Ready(result) => {
                        desk.land(&seat, &result);
                        return Poll::Ready(result);
                    }
                },
                Stage::Alone => match this.inner.as_mut().poll(cx) {
                    Poll::Pending => {
                        *this.stage = Stage::Alone;
                        return Poll::Pending;
                    }
                    Poll::Ready(result) => {
                        let _ = result.as_ref().ok().and_then(|own| desk.keep(own));
                        return Poll::Ready(result);
                    }
                },
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

/// What a call knows when it asks the cache.
struct Desk<'a, K: Key, R: 'static, J: 'static, W, C> {
    cache: &'static Cached,
    shelf: &'static Shelf<K::Owned, R, J>,
    key: &'a K,
    worth: &'a W,
    copied: &'a C,
}

impl<K, R, J, W, C> Desk<'_, K, R, J, W, C>
where
    R: Send + Sync + 'static,
    K: Key,
    J: Clone + Send + Sync + 'static,
    W: Fn(&R) -> Worth,
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

    /// What another flight kept between this call's miss and its turn.
    fn found(&self, seat: &Seat<K::Owned, R, J>) -> Option<R> {
        let (entry, value) = self.hit()?;
        seat.land(|_| Some(Landing::Kept(entry)));
        Some(value)
    }

    /// The answer of another call's run, where it can be shared.
    fn shared(&self, seat: &Seat<K::Owned, R, J>) -> Option<Result<R, J>> {
        match seat.landing()? {
            Landing::Kept(entry) => (self.copied)(&entry.value).map(Ok),
            Landing::Shared(own) => (self.copied)(own).map(Ok),
            Landing::Refused(refusal) => Some(Err(refusal.clone())),
        }
    }

    /// Ends the flight with the result of this call's run.
    fn land(&self, seat: &Seat<K::Owned, R, J>, result: &Result<R, J>) {
        // Kept before the flight ends, so that who comes after finds the one or the other.
        let kept = result.as_ref().ok().and_then(|own| self.keep(own));
        seat.land(|others| match (kept, result) {
            (Some(entry), _) => Some(Landing::Kept(entry)),
            (None, _) if !others => None,
            (None, Ok(own)) => (self.copied)(own).map(Landing::Shared),
            (None, Err(refusal)) => Some(Landing::Refused(refusal.clone())),
        });
    }

    /// Keeps a copy of a result that is worth it.
    fn keep(&self, own: &R) -> Option<Arc<Entry<R>>> {
        let life = life(self.cache.limits(), (self.worth)(own), fastrand::f64())?;
        let copy = (self.copied)(own)?;
        let entry = Arc::new(Entry::new(copy, clock::mono(), life));
        self.shelf.insert(self.key.to_owned_key(), entry.clone());
        Some(entry)
    }
}
