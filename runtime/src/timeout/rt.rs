//! What the expansion calls.

use super::Limit;
pub use super::future::TimedCall;

use std::future::Future;

use crate::Rejection;

/// The inner layers under a limit of time.
#[inline]
pub fn timeout<R, F, L>(limit: L, inner: F) -> TimedCall<F, L>
where
    L: Limit,
    F: Future<Output = Result<R, Rejection>>,
{
    TimedCall::new(limit, inner)
}
