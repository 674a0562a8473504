//! A policy for each key, with its bound.

use std::fmt;
use std::hash::Hash;
use std::sync::OnceLock;

use super::keys::{Keys, Rules};
use super::{OwnOf, PerKey, View};
use crate::config::Configurable;
use crate::key::{ByRef, Lone};
use crate::policy::checked;
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here, outside};
use crate::slot::Shelved;
use crate::{ConfigureError, PolicyError};

/// A limiter or a breaker for each key; see the [module](mod@crate::keyed).
///
/// ```
/// use std::time::Duration;
/// use steadfast::keyed::Keyed;
/// use steadfast::rate_limit::RateLimiter;
///
/// static TENANTS: Keyed<String, RateLimiter> =
///     Keyed::new(RateLimiter::window("tenants", 10, Duration::from_secs(1)));
/// static PAGES: Keyed<(String, u32), RateLimiter> =
///     Keyed::new(RateLimiter::rate("pages", 100, Duration::from_secs(60), 20)).max_keys(5_000);
///
/// assert_eq!((TENANTS.name(), PAGES.name()), ("tenants", "pages"));
/// ```
pub struct Keyed<K, P: PerKey> {
    pub(crate) policy: P,
    pub(crate) max_keys: Configurable<u32>,
    pub(crate) own: Option<OwnOf<K, P>>,
    /// Built at the first call: the hash has random seeds.
    keys: OnceLock<Box<Keys<K, P>>>,
}

impl<K, P: PerKey> Keyed<K, P> {
    /// The policy, for every key by itself. Its name and its settings hold for all of them.
    ///
    /// At most 100,000 keys for a limiter and 10,000 for a breaker, until
    /// [`max_keys`](Self::max_keys) says otherwise.
    ///
    /// See [`Keyed`] for an example.
    pub const fn new(policy: P) -> Self {
        Self { policy, max_keys: Configurable::new(P::MAX_KEYS), own: None, keys: OnceLock::new() }
    }

    /// How many keys there may be at once.
    ///
    /// # Panics
    ///
    /// When it is zero; in a `static` that is a compile error. See
    /// [`try_max_keys`](Self::try_max_keys) for values known at run time.
    ///
    /// See the [module](mod@crate::keyed) for an example.
    pub const fn max_keys(mut self, keys: u32) -> Self {
        self.max_keys.built = checked!(checked_max_keys::<P>(keys));
        self
    }

    /// [`max_keys`](Self::max_keys) for values known at run time.
    ///
    /// # Errors
    ///
    /// When it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let accounts = Keyed::<u64, _>::new(RateLimiter::window("accounts", 10, Duration::from_secs(1)));
    /// let error = accounts.try_max_keys(0).unwrap_err();
    /// assert_eq!(error.to_string(), "`max_keys` must be at least 1");
    /// ```
    pub fn try_max_keys(mut self, keys: u32) -> Result<Self, PolicyError> {
        self.max_keys.built = checked_max_keys::<P>(keys)?;
        Ok(self)
    }

    /// The policy's name.
    ///
    /// See [`Keyed`] for an example.
    pub fn name(&self) -> &'static str {
        self.policy.name()
    }
}

impl<K: Hash + Send + 'static, P: PerKey> Keyed<K, P> {
    /// How many keys there are, those included that are idle and not yet forgotten.
    ///
    /// See the [module](mod@crate::keyed) for an example.
    pub fn len(&self) -> usize {
        here(self).keys.get().map_or(0, |keys| keys.len())
    }

    /// Whether there is no key.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// let accounts = Keyed::<u64, _>::new(RateLimiter::window("accounts", 10, Duration::from_secs(1)));
    /// assert!(accounts.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets a key back to its beginning, as if it had never been seen; whether it was there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::keyed::Keyed;
    /// use steadfast::rate_limit::RateLimiter;
    ///
    /// static TENANTS: Keyed<String, RateLimiter> =
    ///     Keyed::new(RateLimiter::window("tenants", 1, Duration::from_secs(60)));
    ///
    /// TENANTS.try_acquire("acme", 1).unwrap();
    /// assert!(TENANTS.try_acquire("acme", 1).is_err());
    /// assert!(TENANTS.forget("acme"));
    /// assert!(TENANTS.try_acquire("acme", 1).is_ok());
    /// ```
    pub fn forget<Q>(&self, key: &Q) -> bool
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
        K: Eq + Sync,
    {
        here(self).keys.get().is_some_and(|keys| keys.forget(&Self::key(key)))
    }

    /// The policy with the states of its keys.
    #[inline]
    pub(crate) fn view(&self) -> View<'_, K, P> {
        let this = here(self);
        let rules = Rules { policy: &this.policy, max_keys: &this.max_keys, own: this.own };
        View { rules, keys: this.keys.get_or_init(|| Box::new(Keys::new())) }
    }

    /// A key as the function API takes it, as the map looks it up.
    #[inline]
    pub(crate) fn key<Q>(key: &Q) -> Lone<ByRef<'_, Q>>
    where
        Q: ToOwned<Owned = K> + Hash + Eq + ?Sized,
    {
        Lone(ByRef(key))
    }
}

pub(super) const fn checked_max_keys<P: PerKey>(keys: u32) -> Result<u32, PolicyError> {
    if !P::KEPT_HERE {
        const ELSEWHERE: &str = "belongs to limits that are kept in this process; their backend forgets shared ones";
        return Err(PolicyError::new("max_keys", ELSEWHERE));
    }
    if keys == 0 { Err(PolicyError::new("max_keys", "must be at least 1")) } else { Ok(keys) }
}

impl<K: Hash + Send + 'static, P: PerKey> Fresh for Keyed<K, P> {
    fn fresh(&self) -> Self {
        let max_keys = Configurable::new(*self.max_keys.get());
        Self { policy: self.policy.fresh(), max_keys, own: self.own, keys: OnceLock::new() }
    }
}

/// Without its keys: they are the callers' own.
impl<K, P: PerKey + fmt::Debug> fmt::Debug for Keyed<K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Keyed");
        shown.field("name", &self.policy.name()).field("max_keys", self.max_keys.get()).finish_non_exhaustive()
    }
}

impl<K: Hash + Send + 'static, P: PerKey> Describe for Keyed<K, P> {
    fn name(&self) -> &'static str {
        self.policy.name()
    }

    fn settings(&self) -> Settings {
        let this = here(self);
        settings(&this.policy, &this.max_keys)
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        let this = here(self);
        configure(&this.policy, &this.max_keys, settings)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn operate(&self, operation: Operation) -> bool {
        let this = here(self);
        operate(&this.policy, operation, || this.keys.get().into_iter().for_each(|keys| keys.clear()))
    }

    fn state(&self) -> Option<State> {
        let keys = here(self).keys.get();
        let (keys, busy) = keys.map_or((0, 0), |keys| (keys.entries(), keys.busy()));
        Some(State::Keyed { keys, busy })
    }
}

pub(super) fn settings<P: PerKey>(policy: &P, max_keys: &Configurable<u32>) -> Settings {
    let mut settings = outside(|| policy.settings());
    if P::KEPT_HERE {
        settings.insert("max_keys", max_keys.get().to_string());
    }
    settings
}

impl<K: Hash + Send + 'static, P: PerKey> Keyed<K, P> {
    /// Configures the policy and the number of keys, or neither.
    pub(crate) fn configure_with(
        &self,
        max_keys: Option<u32>,
        policy: impl FnOnce(&P) -> Result<(), ConfigureError>,
    ) -> Result<(), ConfigureError> {
        let this = here(self);
        both::<P>(&this.max_keys, max_keys, || policy(&this.policy))
    }
}

/// The policy refuses a second time for both.
fn both<P: PerKey>(
    max_keys: &Configurable<u32>,
    given: Option<u32>,
    policy: impl FnOnce() -> Result<(), ConfigureError>,
) -> Result<(), ConfigureError> {
    let given = given.map(checked_max_keys::<P>).transpose()?;
    outside(policy)?;
    given.map_or(Ok(()), |keys| max_keys.configure(keys))
}

/// The policy's own settings, and `max_keys` beside them.
pub(super) fn configure<P: PerKey>(
    policy: &P,
    max_keys: &Configurable<u32>,
    settings: &serde_json::Value,
) -> Result<(), ConfigureError> {
    #[derive(serde::Deserialize)]
    struct Bound {
        #[serde(default, with = "crate::config::number")]
        max_keys: Option<u32>,
    }
    let Bound { max_keys: keys } = crate::config::read(settings)?;
    let mut rest = settings.clone();
    if let Some(rest) = rest.as_object_mut() {
        rest.remove("max_keys");
    }
    both::<P>(max_keys, keys, || policy.configure(&rest))
}

/// What is asked of a keyed policy is asked of all its keys. Like its settings, the policy lies in what
/// a test has a copy of, and must not be copied once more.
pub(super) fn operate<P: PerKey>(policy: &P, operation: Operation, clear: impl FnOnce()) -> bool {
    if !P::KEPT_HERE && operation == Operation::Clear {
        return false;
    }
    let done = outside(|| policy.operate(operation));
    let clears = operation == Operation::Clear || done && operation == Operation::Reset;
    if clears {
        clear();
    }
    done || clears
}
