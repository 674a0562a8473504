//! What the expansion calls.

use std::future::Future;

use super::RateLimiter;
use super::desk::{self, Desk};
pub use super::scheme::{Asks, AtOnce, Scheme, SchemeOfKey};
use super::upper::Upper;
use crate::Rejection;
use crate::key::Key;
use crate::keyed::{Keyed, PerKey, View};
use crate::moment::Moment;
use crate::named::named;

/// Asks the limiter at once. `None` when the call is let through; else it has to
/// [`arrive`](arrive).
#[inline]
pub fn held_up<S: Scheme>(limiter: &RateLimiter<S>) -> Option<S::Unit<'_>> {
    held_up_at(Moment::UNREAD, limiter)
}

/// [`held_up`] for a call that came at that moment.
#[inline]
pub fn held_up_at<S: Scheme>(moment: Moment, limiter: &RateLimiter<S>) -> Option<S::Unit<'_>> {
    let desk = unit(limiter);
    if desk.passes(moment) { None } else { Some(desk) }
}

/// [`held_up`] for any call.
#[inline(always)]
pub fn held_up_by<D: Asks>(desk: D) -> Option<D> {
    held_up_by_at(Moment::UNREAD, desk)
}

/// [`held_up_by`] for a call that came at that moment.
#[inline(always)]
pub fn held_up_by_at<D: Asks>(moment: Moment, desk: D) -> Option<D> {
    if desk.passes(moment) { None } else { Some(desk) }
}

#[inline(always)]
pub(super) fn passes<D: Asks>(desk: &D) -> bool {
    desk.passes(Moment::UNREAD)
}

/// A call that was held up: it waits in line, or is refused. `None` when it is let through.
pub fn arrive<D: Asks>(desk: D) -> impl Future<Output = Option<Rejection>> {
    desk.ask(())
}

/// Asks the limiter on behalf of a function that cannot wait.
pub fn admit_now<S: AtOnce>(limiter: &RateLimiter<S>) -> Option<Rejection> {
    admit_now_at(Moment::UNREAD, limiter)
}

/// [`admit_now`] for a call that came at that moment.
pub fn admit_now_at<S: AtOnce>(moment: Moment, limiter: &RateLimiter<S>) -> Option<Rejection> {
    S::admit_now(limiter, moment)
}

/// A limiter, for a call that costs one.
#[inline]
pub fn unit<S: Scheme>(limiter: &RateLimiter<S>) -> S::Unit<'_> {
    S::unit(limiter)
}

/// A limiter, for a call that costs so much.
pub fn weighted<S: Scheme>(limiter: &RateLimiter<S>, cost: u32) -> S::Weighted<'_> {
    S::weighted(limiter, cost)
}

/// A limiter of many, for a call of this key.
#[inline]
pub fn of_key<'a, Q: Key + 'a, S: SchemeOfKey<Q>>(
    view: View<'a, Q::Owned, RateLimiter<S>>,
    key: Q,
    cost: u32,
) -> S::OfKey<'a>
where
    RateLimiter<S>: PerKey,
{
    S::of_key(view, key, cost)
}

/// Asks below other limiters, which get back what they let through when this one refuses.
pub fn ask_below<D: Asks, U: Upper>(desk: D, upper: U) -> impl Future<Output = Option<Rejection>> {
    desk.ask(upper)
}

/// Asks a limiter that stands above another one: what the call took is for that one to give back.
pub fn take<D: Asks, U: Upper>(desk: D, upper: U) -> impl Future<Output = Result<(D::Back, Option<U>), Rejection>> {
    desk.take(upper)
}

/// [`ask_below`] for a function that cannot wait.
pub fn ask_now<D: Desk, U: Upper>(desk: D, upper: U) -> Option<Rejection> {
    take_now(desk, upper).err()
}

/// [`take`] for a function that cannot wait.
pub fn take_now<D: Desk, U: Upper>(desk: D, upper: U) -> Result<(D::Back, U), Rejection> {
    match desk::admit_now(desk, Moment::UNREAD) {
        Ok(taken) => Ok((desk.back(taken), upper)),
        Err(refused) => {
            upper.refund();
            Err(refused)
        }
    }
}

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no `RateLimiter`",
        label = "`rate_limit` takes a limiter here, or settings of its own",
        note = "a `Keyed<_, RateLimiter>` has a limit for each key: say which with `key = ..`",
        note = "a limiter behind a pointer of another kind is written with a star: `*pointer`"
    )]
    NamesLimiter, <S> RateLimiter<S>
}

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` has no limit for each key",
        label = "with `key = ..`, `rate_limit` takes a `Keyed<_, RateLimiter>` here, or settings of its own",
        note = "make the static a `Keyed<_, RateLimiter>`, or leave `key` out: then all calls share the limit"
    )]
    NamesLimiters, <K, S> Keyed<K, RateLimiter<S>> where RateLimiter<S>: PerKey
}
