//! What the expansion calls.

use super::RateLimiter;
use super::desk::{self, Desk};
pub use super::desk::{OfKey, Unit, Weighted};
pub use super::future::{Admission, Taking};
use super::upper::Upper;
use crate::Rejection;
use crate::key::Key;
use crate::keyed::View;
use crate::moment::Moment;
use crate::scope::here;

/// Asks the limiter at once. `None` when the call is let through; else it has to
/// [`arrive`](arrive).
#[inline]
pub fn held_up(limiter: &RateLimiter) -> Option<Unit<'_>> {
    held_up_at(Moment::UNREAD, limiter)
}

/// [`held_up`] for a call that came at that moment.
#[inline]
pub fn held_up_at(moment: Moment, limiter: &RateLimiter) -> Option<Unit<'_>> {
    let desk = unit(limiter);
    (!desk::passes(&desk, moment)).then_some(desk)
}

/// [`held_up`] for any call.
#[inline]
pub fn held_up_by<D: Desk>(desk: D) -> Option<D> {
    (!desk::passes(&desk, Moment::UNREAD)).then_some(desk)
}

/// A call that was held up: it waits in line, or is refused. `None` when it is let through.
pub fn arrive<D: Desk>(desk: D) -> Admission<D> {
    Admission::new(desk, ())
}

/// Asks the limiter on behalf of a function that cannot wait.
pub fn admit_now(limiter: &RateLimiter) -> Option<Rejection> {
    admit_now_at(Moment::UNREAD, limiter)
}

/// [`admit_now`] for a call that came at that moment.
pub fn admit_now_at(moment: Moment, limiter: &RateLimiter) -> Option<Rejection> {
    desk::admit_now(&unit(limiter), moment).err()
}

/// A limiter, for a call that costs one.
#[inline]
pub fn unit(limiter: &RateLimiter) -> Unit<'_> {
    Unit(here(limiter))
}

/// A limiter, for a call that costs so much.
pub fn weighted(limiter: &RateLimiter, cost: u32) -> Weighted<'_> {
    Weighted { limiter: here(limiter), cost }
}

/// A limiter of many, for a call of this key.
#[inline]
pub fn of_key<Q: Key + Copy>(view: View<'_, Q::Owned, RateLimiter>, key: Q, cost: u32) -> OfKey<'_, Q> {
    OfKey { view, key, cost }
}

/// Asks below other limiters, which get back what they let through when this one refuses.
pub fn ask_below<D: Desk, U: Upper>(desk: D, upper: U) -> Admission<D, U> {
    Admission::new(desk, upper)
}

/// Asks a limiter that stands above another one: what the call took is for that one to give back.
pub fn take<D: Desk, U: Upper>(desk: D, upper: U) -> Taking<D, U> {
    Taking::new(desk, upper)
}

/// [`ask_below`] for a function that cannot wait.
pub fn ask_now<D: Desk, U: Upper>(desk: D, upper: U) -> Option<Rejection> {
    take_now(desk, upper).err()
}

/// [`take`] for a function that cannot wait.
pub fn take_now<D: Desk, U: Upper>(desk: D, upper: U) -> Result<(D::Back, U), Rejection> {
    match desk::admit_now(&desk, Moment::UNREAD) {
        Ok(taken) => Ok((desk.back(taken), upper)),
        Err(refused) => {
            upper.refund();
            Err(refused)
        }
    }
}
