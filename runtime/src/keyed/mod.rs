//! One limit, or one circuit, for each key: a tenant, an account, a gateway.
//!
//! A [`Keyed`] makes a policy apply to every key by itself. It is built in a `static` or a field
//! from the policy, and functions name it with the key of the call:
//!
//! ```
//! use std::time::Duration;
//! use steadfast::keyed::Keyed;
//! use steadfast::rate_limit::RateLimiter;
//!
//! static TENANTS: Keyed<String, RateLimiter> =
//!     Keyed::new(RateLimiter::window("tenants", 10, Duration::from_secs(1))).max_keys(50_000);
//!
//! assert_eq!((TENANTS.name(), TENANTS.len()), ("tenants", 0));
//! ```
//!
//! A limit for each key can be [shared by several processes](crate::rate_limit::RateLimiter::shared): then
//! the keys are its backend's, and what follows is not about them.
//!
//! # Keys
//!
//! A key is looked up borrowed and copied once, when it is new: a `Keyed<String, _>` takes a `&str`.
//! A key of several parts is a tuple, `Keyed<(String, u64), _>`. Keys are hashed with seeds that
//! differ in each process, so nobody can choose keys that collide.
//!
//! # Memory
//!
//! A key is forgotten when it is idle, which is when forgetting it changes no answer: a limiter's
//! when all it has admitted counts no more, a breaker's when it is closed without failures, no call
//! is under way and none came for ten seconds; or sooner, where there is no room for a new one.
//! Every new key looks at a few others and forgets the idle ones, so what is kept follows what is in
//! use, without a task in the background; only some hundred keys are left alone, in use or not. There
//! are never more than [`max_keys`](Keyed::max_keys). When there are so many and none of them is
//! idle, the policy answers: a limiter refuses the new key's call, a breaker lets it through uncounted.
//! Then all keys are looked at again, at most once in a while: a microsecond for each key that there
//! may be.

mod keys;
mod policy;
#[doc(hidden)]
pub mod rt;
mod shard;
mod slot;
#[cfg(test)]
mod tests;
mod view;

pub use keys::Full;
pub use policy::Keyed;
pub use slot::KeyedSlot;
pub use view::View;

use std::time::Duration;

use tokio::time::Instant;

use crate::registry::Describe;
use crate::scope::Fresh;

/// A policy that can be kept for each key: [`RateLimiter`](crate::rate_limit::RateLimiter),
/// [`CircuitBreaker`](crate::circuit_breaker::CircuitBreaker). It cannot be implemented elsewhere.
///
/// ```
/// use steadfast::keyed::{Keyed, PerKey};
///
/// /// How full a keyed policy is, from 0 to 1.
/// fn fill<P: PerKey>(policy: &Keyed<String, P>, max_keys: usize) -> f64 {
///     policy.len() as f64 / max_keys as f64
/// }
/// ```
#[allow(private_bounds, reason = "it seals the trait")]
pub trait PerKey: Describe + Fresh + Send + Sync {
    /// What is kept for each key.
    #[doc(hidden)]
    type State: Send;
    /// Settings that a key may have to itself.
    #[doc(hidden)]
    type Own: Copy + 'static;
    /// How many keys there may be at once, unless it is said.
    #[doc(hidden)]
    const MAX_KEYS: u32;
    /// Whether what is kept for a key is kept in this process.
    #[doc(hidden)]
    const KEPT_HERE: bool = true;

    /// The state of a key that has not been seen.
    #[doc(hidden)]
    fn new_state(&self) -> Self::State;
    /// How long until a key is idle if no call comes: zero when it is idle now, `None` when that
    /// is not known. An idle key may be forgotten.
    #[doc(hidden)]
    fn idle_in(&self, state: &Self::State, own: Option<Self::Own>, now: Instant) -> Option<Duration>;
    /// Whether a key that is not idle yet may be forgotten where there is no room for a new one.
    #[doc(hidden)]
    fn may_go(&self, _state: &Self::State, _now: Instant) -> bool {
        false
    }
    /// What an operator should see of a key: callers that wait, a circuit that is not closed.
    #[doc(hidden)]
    fn busy(state: &Self::State) -> u64;
    /// Sets a key back to its beginning; `true` when it may be forgotten with that.
    #[doc(hidden)]
    fn clear(state: &mut Self::State) -> bool;
}

/// What a key's own settings are.
pub(crate) type OwnOf<K, P> = fn(&K) -> <P as PerKey>::Own;
