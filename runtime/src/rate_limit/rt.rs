//! What the expansion calls.

use super::RateLimiter;
pub use super::future::Admission;

/// Asks the limiter. `None` when the call is let through; it is awaited before the call is built.
pub fn admit<'a>(limiter: &'a RateLimiter) -> Admission<'a> {
    Admission::new(limiter)
}
