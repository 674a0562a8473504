//! Where a limiter's state is, as the expansion sees it: what asking means there.

use std::future::Future;

use super::RateLimiter;
use super::desk::{self, Desk, OfKey, Unit, Weighted};
use super::future::{Admission, Taking};
use super::limiter::Local;
use super::upper::Upper;
use crate::Rejection;
use crate::key::Key;
use crate::keyed::{PerKey, View};
use crate::moment::Moment;
use crate::scope::here;

/// Where a limiter's state is: [`Local`], or [`Shared`](super::Shared).
pub trait Scheme: Sized {
    /// A call that costs one.
    type Unit<'a>: Asks
    where
        Self: 'a;
    /// A call that costs something else.
    type Weighted<'a>: Asks
    where
        Self: 'a;

    /// A call that costs one.
    fn unit(limiter: &RateLimiter<Self>) -> Self::Unit<'_>;
    /// A call that costs so much.
    fn weighted(limiter: &RateLimiter<Self>, cost: u32) -> Self::Weighted<'_>;
}

/// The same for a call of a key.
pub trait SchemeOfKey<Q: Key>: Scheme
where
    RateLimiter<Self>: PerKey,
{
    /// A call of the key.
    type OfKey<'a>: Asks
    where
        Self: 'a,
        Q: 'a;

    /// A call of the key that costs so much.
    fn of_key<'a>(view: View<'a, Q::Owned, RateLimiter<Self>>, key: Q, cost: u32) -> Self::OfKey<'a>
    where
        Q: 'a;
}

/// A call that asks.
pub trait Asks: Sized {
    /// What it keeps when it was let through, to give it back.
    type Back: Upper;

    /// Lets it through when that can be said at once.
    fn passes(&self, moment: Moment) -> bool;
    /// `None` when it is let through.
    fn ask<U: Upper>(self, upper: U) -> impl Future<Output = Option<Rejection>>;
    /// What it took when it is let through.
    fn take<U: Upper>(self, upper: U) -> impl Future<Output = Result<(Self::Back, Option<U>), Rejection>>;
}

impl<D: Desk> Asks for D {
    type Back = D::Back;

    #[inline(always)]
    fn passes(&self, moment: Moment) -> bool {
        desk::passes(*self, moment)
    }

    #[inline]
    fn ask<U: Upper>(self, upper: U) -> impl Future<Output = Option<Rejection>> {
        Admission::new(self, upper)
    }

    #[inline]
    fn take<U: Upper>(self, upper: U) -> impl Future<Output = Result<(D::Back, Option<U>), Rejection>> {
        Taking::new(self, upper)
    }
}

impl Scheme for Local {
    type Unit<'a> = Unit<'a>;
    type Weighted<'a> = Weighted<'a>;

    #[inline]
    fn unit(limiter: &RateLimiter) -> Unit<'_> {
        Unit(here(limiter))
    }

    #[inline]
    fn weighted(limiter: &RateLimiter, cost: u32) -> Weighted<'_> {
        Weighted { limiter: here(limiter), cost }
    }
}

impl<Q: Key<Owned: std::hash::Hash + Send + 'static> + Copy> SchemeOfKey<Q> for Local {
    type OfKey<'a>
        = OfKey<'a, Q>
    where
        Q: 'a;

    #[inline]
    fn of_key<'a>(view: View<'a, Q::Owned, RateLimiter>, key: Q, cost: u32) -> OfKey<'a, Q>
    where
        Q: 'a,
    {
        OfKey { view, key, cost }
    }
}

/// A limiter that a function can ask that is not async.
#[diagnostic::on_unimplemented(
    message = "a limit that processes share cannot be asked by a function that is not async: its server answers over the network",
    label = "the state of this limiter is not in this process",
    note = "make the function async, or give it a limiter of its own"
)]
pub trait AtOnce: Scheme {
    /// Lets a call through that came at that moment, or refuses it.
    fn admit_now(limiter: &RateLimiter<Self>, moment: Moment) -> Option<Rejection>;
}

impl AtOnce for Local {
    fn admit_now(limiter: &RateLimiter, moment: Moment) -> Option<Rejection> {
        desk::admit_now(Self::unit(limiter), moment).err()
    }
}
