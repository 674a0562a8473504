//! What the expansion calls.

use super::Timeout;
pub use super::future::TimedCall;

use std::future::Future;

use crate::Rejection;

/// The inner layers under a limit of time.
#[inline]
pub fn timeout<R, F>(policy: Timeout, inner: F) -> TimedCall<F>
where
    F: Future<Output = Result<R, Rejection>>,
{
    TimedCall::new(policy, inner)
}
