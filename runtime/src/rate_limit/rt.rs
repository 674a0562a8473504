//! What the expansion calls.

use super::RateLimiter;
pub use super::future::Admission;
use crate::Rejection;
use crate::moment::Moment;

/// Asks the limiter. `None` when the call is let through; it is awaited before the call is built.
#[inline]
pub fn admit<'a>(limiter: &'a RateLimiter) -> Admission<'a> {
    Admission::new(limiter, Moment::UNREAD)
}

/// [`admit`] for a call that came at that moment.
#[inline]
pub fn admit_at(moment: Moment, limiter: &RateLimiter) -> Admission<'_> {
    Admission::new(limiter, moment)
}

/// Asks the limiter on behalf of a function that cannot wait.
#[inline]
pub fn admit_now(limiter: &RateLimiter) -> Option<Rejection> {
    admit_now_at(Moment::UNREAD, limiter)
}

/// [`admit_now`] for a call that came at that moment.
#[inline]
pub fn admit_now_at(moment: Moment, limiter: &RateLimiter) -> Option<Rejection> {
    if limiter.pass(moment) { None } else { limiter.ask_now() }
}
