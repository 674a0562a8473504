//! The run that fills an entry.

use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Cached;
use super::decision::{Worth, life};
use super::entry::Entry;
use super::flight::{Landing, Seat, Turn};
use super::shelf::Shelf;
use crate::__rt::Refusal;
use crate::clock;

/// A flight that this call leads: its turn, and its own seat.
pub(super) type Led<O, R, J> = (Turn, Seat<O, R, J>);

/// The right and the duty to run the function for a key. Dropped without a result, it hands over
/// to the next call that waits.
pub struct Lead<O: Hash + Eq + 'static, R: 'static, J: 'static> {
    /// The flight this call leads; `None` where it runs for itself, because what the flight landed
    /// with cannot be shared.
    pub(super) flight: Option<Led<O, R, J>>,
    pub(super) cache: &'static Cached,
    pub(super) shelf: &'static Shelf<O, R, J>,
    /// `None` once it went into the entry.
    pub(super) key: Option<O>,
}

pin_project! {
    /// A call that runs the function and keeps what it returns.
    #[must_use]
    pub struct Load<O, R, J, W, C, F>
    where
        O: Hash,
        O: Eq,
        O: 'static,
        R: 'static,
        J: 'static,
    {
        // Before `lead`: what ran is dropped before the next in the flight gets the turn.
        #[pin]
        inner: F,
        lead: Option<Lead<O, R, J>>,
        worth: W,
        copied: C,
    }
}

impl<O: Hash + Eq, R, J, W, C, F> Load<O, R, J, W, C, F> {
    pub(super) fn new(lead: Lead<O, R, J>, worth: W, copied: C, inner: F) -> Self {
        Self { inner, lead: Some(lead), worth, copied }
    }
}

impl<O, R, J, W, C, F> Future for Load<O, R, J, W, C, F>
where
    O: Hash + Eq + Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Refusal + Clone + Send + Sync + 'static,
    W: Fn(&R) -> Worth,
    C: Fn(&R) -> Option<R>,
    F: Future<Output = Result<R, J>>,
{
    type Output = Result<R, J>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Taken out, so that an unwinding panic gives the turn and the seat back.
        let Some(lead) = this.lead.take() else {
            return Poll::Pending;
        };
        match this.inner.poll(cx) {
            Poll::Pending => {
                *this.lead = Some(lead);
                Poll::Pending
            }
            Poll::Ready(result) => {
                lead.land(&result, &*this.worth, &*this.copied);
                Poll::Ready(result)
            }
        }
    }
}

impl<O, R, J> Lead<O, R, J>
where
    O: Hash + Eq + Send + Sync + 'static,
    R: Send + Sync + 'static,
    J: Clone + Send + Sync + 'static,
{
    /// Keeps the result of the run, and ends its flight with it.
    fn land(mut self, result: &Result<R, J>, worth: impl Fn(&R) -> Worth, copied: impl Fn(&R) -> Option<R>) {
        // Kept before the flight ends, so that who comes after finds the one or the other.
        let kept = result.as_ref().ok().and_then(|own| self.keep(own, worth, &copied));
        let Some((_turn, seat)) = &self.flight else { return };
        seat.land(|others| match (kept, result) {
            (Some(entry), _) => Some(Landing::Kept(entry)),
            (None, _) if !others => None,
            (None, Ok(own)) => copied(own).map(Landing::Shared),
            (None, Err(refusal)) => Some(Landing::Refused(refusal.clone())),
        });
    }

    /// Keeps a copy of a result that is worth it.
    fn keep(
        &mut self,
        own: &R,
        worth: impl Fn(&R) -> Worth,
        copied: impl Fn(&R) -> Option<R>,
    ) -> Option<Arc<Entry<R>>> {
        let life = life(self.cache.limits(), worth(own), fastrand::f64())?;
        let copy = copied(own)?;
        let entry = Arc::new(Entry::new(copy, clock::mono(), life));
        self.shelf.insert(self.key.take()?, entry.clone());
        Some(entry)
    }
}
