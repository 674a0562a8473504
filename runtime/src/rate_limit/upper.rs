//! What a limiter gives back when one below it refuses: the call did not happen.

use std::hash::Hash;
use std::task::Waker;

use super::RateLimiter;
use super::books::{Books, Taken, refund};
use crate::clock;
use crate::keyed::View;

/// What limiters above have let through, until it is known whether those below do.
pub trait Upper {
    /// Gives it back.
    fn refund(self);
}

/// Nothing stands above.
impl Upper for () {
    #[inline]
    fn refund(self) {}
}

impl<U: Upper> Upper for Option<U> {
    fn refund(self) {
        if let Some(upper) = self {
            upper.refund();
        }
    }
}

impl<A: Upper, B: Upper> Upper for (A, B) {
    fn refund(self) {
        self.0.refund();
        self.1.refund();
    }
}

/// A call that a limiter has let through.
#[derive(Debug)]
pub struct Back<'a> {
    pub(super) limiter: &'a RateLimiter,
    pub(super) cost: u32,
    pub(super) taken: Taken,
}

impl Upper for Back<'_> {
    fn refund(self) {
        let Self { limiter, cost, taken } = self;
        let (now, quota) = (clock::mono(), &limiter.terms.get().quota);
        let first = {
            let mut account = limiter.account();
            refund(&mut *account, quota, cost, taken, now);
            account.page.line.first()
        };
        wake(first);
    }
}

/// A call of a key that a limiter has let through. It owns the key, because what is below may move
/// the argument that the key borrows.
#[derive(Debug)]
pub struct BackOfKey<'a, K: Hash + Eq + Send + 'static> {
    pub(super) view: View<'a, K, RateLimiter>,
    pub(super) key: K,
    pub(super) cost: u32,
    pub(super) taken: Taken,
}

impl<K: Hash + Eq + Send + 'static> Upper for BackOfKey<'_, K> {
    fn refund(self) {
        let Self { view, key, cost, taken } = self;
        let limiter = view.policy();
        let (now, all) = (clock::mono(), &limiter.terms.get().quota);
        let first = view.find_owned(&key, |tally, own| {
            refund(tally, own.unwrap_or(all), cost, taken, now);
            // Only who waits has a page with a line.
            tally.page().is_some().then(|| tally.page_mut().line.first()).flatten()
        });
        wake(first.flatten());
    }
}

/// The first in the line may go sooner than it thinks.
fn wake(first: Option<Waker>) {
    if let Some(waker) = first {
        waker.wake();
    }
}

/// Gives back what it holds when it is dropped, unless that is taken out.
#[derive(Debug)]
pub(super) struct Pending<U: Upper>(Option<U>);

impl<U: Upper> Pending<U> {
    #[inline]
    pub(super) fn new(upper: U) -> Self {
        Self(Some(upper))
    }

    /// The call was let through below as well.
    #[inline]
    pub(super) fn take(&mut self) -> Option<U> {
        self.0.take()
    }
}

impl<U: Upper> Drop for Pending<U> {
    #[inline]
    fn drop(&mut self) {
        if let Some(upper) = self.0.take() {
            upper.refund();
        }
    }
}
