//! Where a breaker's state is, as the expansion sees it: what guarding a call means there.

use super::CircuitBreaker;
use super::breaker::Local;
use super::future::Guarded;
use crate::moment::Moment;
use crate::scope::here;

/// Where a breaker's state is: [`Local`], or [`Shared`](super::Shared).
pub trait Scheme: Sized {
    /// A call `F` under the breaker that answers `R`. A named type without bounds: with any, the
    /// compiler could not see that a function which returns a reference has a future that is `Send`.
    type Guard<'a, F, C, R>
    where
        Self: 'a;

    /// Puts a call under the breaker.
    fn guard<F, C, R>(breaker: &CircuitBreaker<Self>, of: C, inner: F) -> Self::Guard<'_, F, C, R>;

    /// When a call came, for what lies below: nobody knows where the breaker waits for its answer.
    fn past(moment: Moment) -> Moment;
}

/// A breaker that a function can have that is not async.
#[diagnostic::on_unimplemented(
    message = "a circuit that processes share cannot guard a function that is not async: its server answers over the network",
    label = "the state of this breaker is not in this process",
    note = "make the function async, or give it a breaker of its own"
)]
pub trait AtOnce: Scheme {
    /// The breaker itself.
    fn at_once(breaker: &CircuitBreaker<Self>) -> &CircuitBreaker;
}

impl AtOnce for Local {
    #[inline]
    fn at_once(breaker: &CircuitBreaker) -> &CircuitBreaker {
        breaker
    }
}

impl Scheme for Local {
    type Guard<'a, F, C, R> = Guarded<&'a CircuitBreaker, F, C>;

    #[inline]
    fn guard<F, C, R>(breaker: &CircuitBreaker, of: C, inner: F) -> Self::Guard<'_, F, C, R> {
        Guarded::new(here(breaker), of, inner)
    }

    #[inline]
    fn past(moment: Moment) -> Moment {
        moment
    }
}
