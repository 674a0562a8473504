//! What the expansion calls.

use std::future::Future;
use std::hash::Hash;

use super::CircuitBreaker;
pub use super::future::Guarded;
pub use super::keyed::BreakerOf;
pub use super::scheme::{AtOnce as BreakerAtOnce, Scheme as BreakerScheme};
use crate::key::Key;
use crate::keyed::{Keyed, KeyedSlot, PerKey};
use crate::moment::Moment;
use crate::named::named;
use crate::{Rejection, Signal};

/// A call under a breaker. `of` reads the function's own result: `None` is a success.
#[inline]
pub fn circuit_breaker<S, T, E, F, C>(
    breaker: &CircuitBreaker<S>,
    of: C,
    inner: F,
) -> S::Guard<'_, F, C, Result<Result<T, E>, Rejection>>
where
    S: BreakerScheme,
    F: Future<Output = Result<Result<T, E>, Rejection>>,
    C: Fn(&Result<T, E>) -> Option<Signal>,
{
    S::guard(breaker, of, inner)
}

/// A breaker for a function that is not async.
#[inline]
pub fn at_once<S: BreakerAtOnce>(breaker: &CircuitBreaker<S>) -> &CircuitBreaker {
    S::at_once(breaker)
}

/// The moment that a call came, for what lies below a breaker: unread where it has waited for an answer.
#[inline]
pub fn past<S: BreakerScheme>(_: &CircuitBreaker<S>, moment: Moment) -> Moment {
    S::past(moment)
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

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no `CircuitBreaker`",
        label = "`circuit_breaker` takes a breaker here, or settings of its own",
        note = "a `Keyed<_, CircuitBreaker>` has a circuit for each key: say which with `key = ..`",
        note = "a breaker behind a pointer of another kind is written with a star: `*pointer`"
    )]
    NamesBreaker, <S> CircuitBreaker<S>
}

named! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` has no circuit for each key",
        label = "with `key = ..`, `circuit_breaker` takes a `Keyed<_, CircuitBreaker>` here, or settings of its own",
        note = "make the static a `Keyed<_, CircuitBreaker>`, or leave `key` out: then all calls share the circuit"
    )]
    NamesBreakers, <K, S> Keyed<K, CircuitBreaker<S>> where CircuitBreaker<S>: PerKey
}
