//! Where a breaker's state is, as the expansion sees it: what guarding a call means there.

use std::future::Future;

use super::CircuitBreaker;
use super::breaker::Local;
use super::future::{Answer, Guarded};
use crate::Signal;
use crate::moment::Moment;
use crate::scope::here;

/// Where a breaker's state is: [`Local`], or [`Shared`](super::Shared).
pub trait Scheme: Sized {
    /// A call under the breaker.
    fn guard<T, E, F, C>(breaker: &CircuitBreaker<Self>, of: C, inner: F) -> impl Future<Output = Answer<T, E>>
    where
        F: Future<Output = Answer<T, E>>,
        C: Fn(&Result<T, E>) -> Option<Signal>;

    /// When a call came, for what lies below: nobody knows where the breaker waits for its answer.
    fn past(moment: Moment) -> Moment;
}

/// A breaker that a function can have that is not async.
#[diagnostic::on_unimplemented(
    message = "a circuit that processes share cannot guard a function that is not async: its server answers over the network",
    label = "the state of this breaker is not in this process",
    note = "make the function async, or give it a breaker of its own"
)]
pub trait AtOnce: Scheme {}

impl AtOnce for Local {}

impl Scheme for Local {
    #[inline]
    fn guard<T, E, F, C>(breaker: &CircuitBreaker, of: C, inner: F) -> impl Future<Output = Answer<T, E>>
    where
        F: Future<Output = Answer<T, E>>,
        C: Fn(&Result<T, E>) -> Option<Signal>,
    {
        Guarded::new(here(breaker), of, inner)
    }

    #[inline]
    fn past(moment: Moment) -> Moment {
        moment
    }
}
