//! What the expansion calls.

use std::future::Future;

use super::{Bulkhead, Permit, future};
use crate::Rejection;

/// Takes a place for a call; it is awaited before the call is built, which keeps the permit.
#[inline]
pub fn enter(bulkhead: &Bulkhead) -> impl Future<Output = Result<Permit<'_>, Rejection>> {
    future::enter(bulkhead)
}

/// [`enter`] for a function that is not async, and never waits.
///
/// # Errors
/// Where every place is taken.
#[inline]
pub fn try_enter(bulkhead: &Bulkhead) -> Result<Permit<'_>, Rejection> {
    bulkhead.try_acquire()
}
