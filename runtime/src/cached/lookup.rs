//! Asking the cache, before the function's own run is even made: so a body that moves its
//! arguments does not meet a key that still borrows them.

use std::any::Any;
use std::future::Future;
use std::hash::Hash;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::decision::Standing;
use super::entry::Entry;
use super::flight::{Boarding, Landing, Seat, Turn, Wait};
use super::form::Form;
use super::load::{Lead, Leading, Older};
use super::shelf::Shelf;
use super::tiered::Tiered;
use crate::key::Key;

/// What the cache says.
pub enum Lookup<O: Hash + Eq, V, R, J> {
    /// The answer, from the cache or from another call's run.
    Found(Result<R, J>),
    /// This call is to run the function.
    Lead(Lead<O, V>),
}

/// What a fresh entry answers. A hit ends here, so that the caller's future keeps nothing for it;
/// what else there is to say is found by [`Looking`].
#[inline(always)]
pub(super) fn at_once<K, V, R, M>(shelf: &Shelf<K::Owned, V>, key: &K, form: &M) -> Option<R>
where
    K: Key,
    V: Send + Sync + 'static,
    M: Form<V, R>,
{
    let entry = shelf.fresh(key)?;
    let value = form.give(&entry.kept)?;
    shelf.counters.hit();
    Some(value)
}

pin_project! {
    /// A call that asks the cache.
    #[must_use]
    pub struct Looking<'c, K, V, R, J, M>
    where
        K: Key,
    {
        stage: Stage<K::Owned, V>,
        shelf: &'c Arc<Shelf<K::Owned, V>>,
        tier: Option<&'c Arc<dyn Tiered<K::Owned, V>>>,
        key: K,
        form: M,
        result: PhantomData<fn() -> Result<R, J>>,
    }
}

enum Stage<O: Hash + Eq, V> {
    New,
    /// Another call has the turn. In a box, so that a hit does not make room for it.
    Waiting(Box<Waiting<O, V>>),
    Done,
}

struct Waiting<O: Hash + Eq, V> {
    wait: Wait,
    seat: Seat<O, V>,
    older: Option<Older<V>>,
}

impl<'c, K: Key, V, R, J, M> Looking<'c, K, V, R, J, M> {
    #[inline]
    pub(super) fn new(
        shelf: &'c Arc<Shelf<K::Owned, V>>,
        tier: Option<&'c Arc<dyn Tiered<K::Owned, V>>>,
        key: K,
        form: M,
    ) -> Self {
        Self { stage: Stage::New, shelf, tier, key, form, result: PhantomData }
    }
}

impl<K, V, R, J, M> Future for Looking<'_, K, V, R, J, M>
where
    K: Key,
    V: Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Clone + Send + Sync + 'static,
    M: Form<V, R>,
{
    type Output = Lookup<K::Owned, V, R, J>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let desk = Desk { shelf: this.shelf, tier: *this.tier, key: &*this.key, form: &*this.form };
        if !matches!(this.stage, Stage::New) {
            return desk.wait(this.stage, cx);
        }
        *this.stage = Stage::Done;
        match desk.first() {
            First::Found(value) => Poll::Ready(Lookup::Found(Ok(value))),
            First::Lead(lead) => Poll::Ready(Lookup::Lead(lead)),
            First::Miss(older) => desk.board(older, this.stage, cx),
        }
    }
}

/// What the first look says.
enum First<O: Hash + Eq, V, R> {
    Found(R),
    /// A refresh is due, and this call has it.
    Lead(Lead<O, V>),
    Miss(Option<Older<V>>),
}

/// What a call knows when it asks the cache.
struct Desk<'a, K: Key, V, M> {
    shelf: &'a Arc<Shelf<K::Owned, V>>,
    tier: Option<&'a Arc<dyn Tiered<K::Owned, V>>>,
    key: &'a K,
    form: &'a M,
}

impl<K, V, M> Desk<'_, K, V, M>
where
    K: Key,
    V: Send + Sync + 'static,
{
    #[inline]
    fn first<R>(&self) -> First<K::Owned, V, R>
    where
        M: Form<V, R>,
    {
        let found = self.shelf.get(self.key);
        if let Some((entry, Standing::Fresh)) = &found
            && let Some(value) = self.form.give(&entry.kept)
        {
            self.shelf.counters.hit();
            return First::Found(value);
        }
        self.not_fresh(found)
    }

    #[cold]
    fn not_fresh<R>(&self, found: Option<(Arc<Entry<V>>, Standing)>) -> First<K::Owned, V, R>
    where
        M: Form<V, R>,
    {
        let older = match found {
            Some((entry, Standing::Due)) => match (self.refresh(&entry), self.form.give(&entry.kept)) {
                (Some(lead), Some(_)) => {
                    self.shelf.counters.hit();
                    return First::Lead(lead);
                }
                (None, Some(value)) => {
                    self.shelf.counters.hit();
                    return First::Found(value);
                }
                _ => None,
            },
            Some((entry, Standing::StandIn)) => Some(Older::expired(entry)),
            _ => None,
        };
        self.shelf.counters.misses.one();
        First::Miss(older)
    }

    /// The refresh of an entry, where no other call has it.
    fn refresh(&self, entry: &Arc<Entry<V>>) -> Option<Lead<K::Owned, V>> {
        let older = Older::claim(entry)?;
        let seat = Seat::new(self.shelf, self.key.to_owned_key());
        let turn = seat.free_turn()?;
        Some(self.lead(Some((turn, seat)), Some(older)))
    }

    /// Takes a seat in the key's flight.
    #[cold]
    fn board<R, J>(
        &self,
        older: Option<Older<V>>,
        stage: &mut Stage<K::Owned, V>,
        cx: &mut Context<'_>,
    ) -> Poll<Lookup<K::Owned, V, R, J>>
    where
        R: Send + Sync + 'static,
        J: Clone + Send + Sync + 'static,
        M: Form<V, R>,
    {
        let seat = Seat::new(self.shelf, self.key.to_owned_key());
        match seat.boarding() {
            Boarding::Turn(turn) => Poll::Ready(self.turn(turn, seat, older)),
            Boarding::Wait(wait) => {
                *stage = Stage::Waiting(Box::new(Waiting { wait, seat, older }));
                self.wait(stage, cx)
            }
        }
    }

    #[cold]
    fn wait<R, J>(&self, stage: &mut Stage<K::Owned, V>, cx: &mut Context<'_>) -> Poll<Lookup<K::Owned, V, R, J>>
    where
        R: Send + Sync + 'static,
        J: Clone + Send + Sync + 'static,
        M: Form<V, R>,
    {
        let Stage::Waiting(mut waiting) = mem::replace(stage, Stage::Done) else {
            return Poll::Pending;
        };
        let Poll::Ready(turn) = waiting.wait.as_mut().poll(cx) else {
            *stage = Stage::Waiting(waiting);
            return Poll::Pending;
        };
        let Waiting { seat, older, .. } = *waiting;
        Poll::Ready(match turn {
            Ok(turn) => self.turn(turn, seat, older),
            Err(_landed) => self.landed(&seat, older),
        })
    }

    /// What another flight kept between this call's miss and its turn; else the run is this
    /// call's. The run of a flight that was voided is for those aboard alone.
    fn turn<R, J>(&self, turn: Turn, seat: Seat<K::Owned, V>, older: Option<Older<V>>) -> Lookup<K::Owned, V, R, J>
    where
        M: Form<V, R>,
    {
        let found = self.shelf.get(self.key).filter(|(_, standing)| *standing != Standing::StandIn);
        match found.and_then(|(entry, _)| Some((self.form.give(&entry.kept)?, entry))) {
            Some((value, entry)) => {
                seat.land(|_| Some(Landing::Kept(entry)));
                Lookup::Found(Ok(value))
            }
            None => Lookup::Lead(self.lead(Some((turn, seat)), older)),
        }
    }

    /// The answer of another call's run, where it can be shared; else this call runs the function
    /// for itself.
    fn landed<R, J>(&self, seat: &Seat<K::Owned, V>, older: Option<Older<V>>) -> Lookup<K::Owned, V, R, J>
    where
        R: Send + Sync + 'static,
        J: Clone + Send + Sync + 'static,
        M: Form<V, R>,
    {
        let shared = seat.landing().and_then(|landing| match landing {
            Landing::Kept(entry) => self.form.give(&entry.kept).map(Ok),
            Landing::Shared(result) => self.shared(result.as_ref()),
        });
        shared.map_or_else(|| Lookup::Lead(self.lead(None, older)), Lookup::Found)
    }

    /// A copy of what another function's run, or one of this function, landed with.
    fn shared<R, J>(&self, result: &(dyn Any + Send + Sync)) -> Option<Result<R, J>>
    where
        R: 'static,
        J: Clone + 'static,
        M: Form<V, R>,
    {
        match result.downcast_ref::<Result<R, J>>()? {
            Ok(own) => self.form.copied(own).map(Ok),
            Err(refusal) => Some(Err(refusal.clone())),
        }
    }

    fn lead(&self, flight: Option<(Turn, Seat<K::Owned, V>)>, older: Option<Older<V>>) -> Lead<K::Owned, V> {
        Leading::new(self.shelf.clone(), self.tier.cloned(), self.key.to_owned_key(), flight, older)
    }
}
