//! A breaker for each key.

use std::future::Future;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::CircuitBreaker;
use super::call::{Begun, Called};
use super::decision::Control;
use crate::key::Key;
use crate::keyed::{Keyed, PerKey, View};
use crate::{__rt, Failure, Rejection, Signal, clock, observe};

/// The breaker of one call's key.
#[derive(Debug)]
pub enum BreakerOf<'a> {
    /// The key's own. It is not forgotten while a call holds it.
    Key(Arc<CircuitBreaker>),
    /// One for all keys.
    All(&'a CircuitBreaker),
}

impl Deref for BreakerOf<'_> {
    type Target = CircuitBreaker;

    fn deref(&self) -> &CircuitBreaker {
        match self {
            Self::Key(breaker) => breaker,
            Self::All(breaker) => breaker,
        }
    }
}

/// Where the keys are so many that no further one can be kept, its calls go through uncounted.
static UNCOUNTED: CircuitBreaker = CircuitBreaker::under("uncounted", Control::Disabled);

impl<'a> BreakerOf<'a> {
    pub(super) fn of<K: Hash, Q: Key<Owned = K>>(view: View<'a, K, CircuitBreaker>, key: &Q) -> Self {
        let policy = view.policy();
        let control = policy.control();
        if matches!(control, Control::ForcedOpen | Control::Disabled) {
            return Self::All(policy);
        }
        let Some(breaker) = breaker(view, key) else {
            observe::keys_full(policy.name());
            return Self::All(&UNCOUNTED);
        };
        if control == Control::MetricsOnly && breaker.control() == Control::Automatic {
            breaker.metrics_only();
        }
        Self::Key(breaker)
    }
}

/// The breaker of a key, which is made if it is not there and there is room for it.
fn breaker<K: Hash, Q: Key<Owned = K>>(view: View<'_, K, CircuitBreaker>, key: &Q) -> Option<Arc<CircuitBreaker>> {
    view.with(key, clock::mono, |state, _| Arc::clone(state)).ok()
}

impl PerKey for CircuitBreaker {
    type State = Arc<CircuitBreaker>;
    type Own = ();
    const MAX_KEYS: u32 = 10_000;

    fn new_state(&self) -> Arc<Self> {
        Arc::new(self.for_key())
    }

    fn idle_in(&self, state: &Arc<Self>, _: Option<()>, now: Instant) -> Option<Duration> {
        // A call that holds it would go on with a breaker that nobody else sees.
        let held = Arc::strong_count(state) > 1;
        (!held && state.is_clean(self.control(), now)).then_some(Duration::ZERO)
    }

    fn busy(state: &Arc<Self>) -> u64 {
        u64::from(state.state() != super::BreakerState::Closed)
    }

    fn clear(_: &mut Arc<Self>) -> bool {
        true
    }
}

/// # Circuit breakers
///
/// Of the calls of one key, one breaker decides, as if it were the only one. Its key is forgotten
/// only while it is closed, has no failures, is not set by hand, and no call is under way. When there
/// are as many keys as there may be and none can be forgotten, the call of a new one goes through
/// uncounted, and the counter `steadfast_keys_full_total` says so.
impl<K: Hash + Eq + Send + Sync + 'static> Keyed<K, CircuitBreaker> {
    /// The key's breaker: its state, its changes, and what can be done to it by hand. While it is
    /// held, the key is not forgotten. `None` when there is no room for a new key.
    ///
    /// ```
    /// use steadfast::circuit_breaker::{BreakerState, CircuitBreaker};
    /// use steadfast::keyed::Keyed;
    ///
    /// static GATEWAYS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("gateways"));
    ///
    /// let acme = GATEWAYS.breaker("acme").unwrap();
    /// acme.force_open();
    /// assert_eq!(GATEWAYS.breaker("other").unwrap().state(), BreakerState::Closed);
    /// ```
    pub fn breaker<Q>(&self, key: &Q) -> Option<Arc<CircuitBreaker>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        breaker(self.view(), &Self::key(key))
    }

    /// Runs the function if the key's breaker lets it through; see [`CircuitBreaker::call`].
    ///
    /// # Errors
    ///
    /// The function's own, and the breaker's refusal as one of them.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    /// use steadfast::keyed::Keyed;
    ///
    /// static GATEWAYS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("gateways"));
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let paid = GATEWAYS.call("acme", || async { Ok::<_, Rejection>(17) }).await;
    /// assert_eq!(paid.unwrap(), 17);
    /// # }
    /// ```
    pub fn call<Q, T, E, F, U>(
        &self,
        key: &Q,
        function: F,
    ) -> Called<BreakerOf<'_>, F, U, impl Fn(&Result<T, E>) -> Option<Signal> + use<K, Q, T, E, F, U>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        E: Failure + From<Rejection>,
    {
        Called::new(BreakerOf::of(self.view(), &Self::key(key)), __rt::own_word, Begun::not(function))
    }

    /// [`call`](Self::call) where a function says which errors count; see
    /// [`CircuitBreaker::call_when`].
    ///
    /// # Errors
    ///
    /// The function's own, and the breaker's refusal as one of them.
    ///
    /// ```
    /// use steadfast::Rejection;
    /// use steadfast::circuit_breaker::CircuitBreaker;
    /// use steadfast::keyed::Keyed;
    ///
    /// static GATEWAYS: Keyed<String, CircuitBreaker> = Keyed::new(CircuitBreaker::new("gateways"));
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let every_error = |_: &Rejection| true;
    /// let paid = GATEWAYS.call_when("acme", every_error, || async { Ok(17) }).await;
    /// assert_eq!(paid.unwrap(), 17);
    /// # }
    /// ```
    pub fn call_when<Q, T, E, P, F, U>(
        &self,
        key: &Q,
        counts: P,
        function: F,
    ) -> Called<BreakerOf<'_>, F, U, impl Fn(&Result<T, E>) -> Option<Signal> + use<K, Q, T, E, P, F, U>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
        P: Fn(&E) -> bool,
        F: FnOnce() -> U,
        U: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        let of = move |result: &Result<T, E>| __rt::as_matched(result, &counts, |_| None);
        Called::new(BreakerOf::of(self.view(), &Self::key(key)), of, Begun::not(function))
    }
}
