//! What the expansion calls.

use super::RateLimiter;
pub use super::future::Admission;
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
