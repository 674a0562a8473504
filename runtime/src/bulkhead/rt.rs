//! What the expansion calls.

use std::future::Future;

use super::{Bulkhead, Permit, future};
use crate::Rejection;
use crate::named::named;

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

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no `Bulkhead`",
        label = "`bulkhead` takes a bulkhead here, or settings of its own",
        note = "a bulkhead behind a pointer of another kind is written with a star: `*pointer`"
    )]
    NamesBulkhead, <> Bulkhead
}
