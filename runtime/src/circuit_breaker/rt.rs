//! What the expansion calls.

use std::future::Future;
use std::hash::Hash;

use super::CircuitBreaker;
pub use super::future::Guarded;
pub use super::keyed::BreakerOf;
use crate::key::Key;
use crate::keyed::{Keyed, KeyedSlot};
use crate::scope::here;
use crate::{Rejection, Signal};

/// A call under a breaker. `of` reads the function's own result: `None` is a success.
#[inline]
pub fn circuit_breaker<T, E, F, C>(breaker: &CircuitBreaker, of: C, inner: F) -> Guarded<&CircuitBreaker, F, C>
where
    F: Future<Output = Result<Result<T, E>, Rejection>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
{
    Guarded::new(here(breaker), of, inner)
}

/// A call under the breaker of its key.
#[inline]
pub fn circuit_breaker_of<'a, K, Q, T, E, F, C>(
    breakers: &'a Keyed<K, CircuitBreaker>,
    key: Q,
    of: C,
    inner: F,
) -> Guarded<BreakerOf<'a>, F, C>
where
    K: Hash + Send + 'static,
    Q: Key<Owned = K>,
    F: Future<Output = Result<Result<T, E>, Rejection>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
{
    Guarded::new(BreakerOf::of(breakers.view(), &key), of, inner)
}

/// [`circuit_breaker_of`] where the breakers belong to one function, which names only the key.
#[inline]
pub fn own_circuit_breaker_of<'a, Q, T, E, F, C>(
    breakers: &'a KeyedSlot<CircuitBreaker>,
    key: Q,
    of: C,
    inner: F,
) -> Guarded<BreakerOf<'a>, F, C>
where
    Q: Key,
    F: Future<Output = Result<Result<T, E>, Rejection>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
{
    Guarded::new(BreakerOf::of(breakers.view::<Q::Owned>(), &key), of, inner)
}
