//! A breaker for each key.

use std::cell::Cell;
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
use crate::{__rt, Failure, Rejection, clock, observe};

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
            // Told once, for all keys, when it was set.
            breaker.update(|core| core.put(control));
            breaker.show();
        }
        Self::Key(breaker)
    }
}

/// The breaker of a key, which is made if it is not there and there is room for it.
fn breaker<K: Hash, Q: Key<Owned = K>>(view: View<'_, K, CircuitBreaker>, key: &Q) -> Option<Arc<CircuitBreaker>> {
    let take = |state: &mut OfKey, _: Option<&()>| {
        state.unused = Cell::new(None);
        Arc::clone(&state.breaker)
    };
    view.with(key, clock::mono, take).ok()
}

/// What is kept for a key.
#[derive(Debug)]
pub struct OfKey {
    breaker: Arc<CircuitBreaker>,
    /// Since when no call came for it; the clock is read by those who look for keys to forget.
    unused: Cell<Option<Instant>>,
}

/// So long the breaker of a key that is in use now and then is not made anew for every call.
const KEPT: Duration = Duration::from_secs(10);

impl OfKey {
    /// How long until it counts as unused.
    fn unused_in(&self, now: Instant) -> Duration {
        let since = self.unused.get().unwrap_or(now);
        self.unused.set(Some(since));
        KEPT.saturating_sub(now.saturating_duration_since(since))
    }
}

impl PerKey for CircuitBreaker {
    type State = OfKey;
    type Own = ();
    const MAX_KEYS: u32 = 10_000;

    fn new_state(&self) -> OfKey {
        OfKey { breaker: Arc::new(self.for_key()), unused: Cell::new(None) }
    }

    fn idle_in(&self, state: &OfKey, _: Option<()>, now: Instant) -> Option<Duration> {
        self.may_go(state, now).then(|| state.unused_in(now))
    }

    fn may_go(&self, state: &OfKey, now: Instant) -> bool {
        // A call that holds it would go on with a breaker that nobody else sees.
        let held = Arc::strong_count(&state.breaker) > 1;
        !held && state.breaker.is_clean(self.control(), now)
    }

    fn busy(state: &OfKey) -> u64 {
        u64::from(state.breaker.state() != super::BreakerState::Closed)
    }

    fn clear(_: &mut OfKey) -> bool {
        true
    }
}

/// # Circuit breakers
///
/// Of the calls of one key, one breaker decides, as if it were the only one. Its key is forgotten
/// only while it is closed, has no failures, is not set by hand, and no call is under way. When there
/// are as many keys as there may be and none can be forgotten, the call of a new one goes through
/// uncounted, and the counter `steadfast_keys_full_total` says so. A rate of a key that was forgotten
/// begins with an empty window. Events and counts carry the policy's name, never a key.
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
    pub fn call<Q, T, E, F, U>(&self, key: &Q, function: F) -> impl Future<Output = Result<T, E>>
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
    pub fn call_when<Q, T, E, P, F, U>(&self, key: &Q, counts: P, function: F) -> impl Future<Output = Result<T, E>>
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
