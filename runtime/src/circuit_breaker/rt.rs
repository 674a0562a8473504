//! What the expansion calls.

use std::future::Future;

use super::CircuitBreaker;
pub use super::future::Guarded;
use crate::{Rejection, Signal};

/// A call under a breaker. `of` reads the function's own result: `None` is a success.
#[inline]
pub fn circuit_breaker<'a, R, F, C>(breaker: &'a CircuitBreaker, of: C, inner: F) -> Guarded<'a, F, C>
where
    F: Future<Output = Result<R, Rejection>>,
    C: Fn(&R) -> Option<Signal>,
{
    Guarded::new(breaker, of, inner)
}
