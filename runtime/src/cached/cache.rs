//! A cache as a value, which functions share: its settings.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::mem;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::CacheConfig;
use super::limits::Limits;
use super::own::configure;
use super::shelf::Shelf;
use super::tier::SecondTier;
use super::tiered::{Codec, Coded, Tiered};
use super::when_down::{Refuse, Run, WhenDown};
use crate::config::{self, Configurable};
use crate::policy::checked;
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::slot::Shelved;
use crate::{ConfigureError, PolicyError};

/// A cache that functions share, and that code can look into: `K` is the key, `V` the value.
///
/// | setting | default |
/// |---|---|
/// | `ttl` | required |
/// | `idle` | off |
/// | `max_entries` | 10,000 |
/// | `negative_ttl` | off |
/// | `refresh_after` | off |
/// | `stale_if_error` | off |
/// | `tier` | none |
///
/// It stands in a `static`, in a `LazyLock`, or in a field, and functions name it in their
/// attribute. What they return is a `V`, or a `Result` or an `Option` of one: see [`Answer`].
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached;
/// use steadfast::cached::Cache;
///
/// static RATES: Cache<(String, String), f64> = Cache::new("rates", Duration::from_secs(60)).max_entries(500);
///
/// #[cached(RATES, key = (from, to))]
/// async fn rate(from: &str, to: &str) -> Result<f64, std::io::Error> {
///     Ok(1.08)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// rate("EUR", "USD").await.unwrap();
/// assert_eq!(RATES.get(("EUR", "USD")), Some(1.08));
/// RATES.invalidate(("EUR", "USD")).await.unwrap();
/// assert_eq!(RATES.get(("EUR", "USD")), None);
/// # }
/// ```
///
/// The builder steps work in a `static`, where a setting that cannot be right is a compile error.
/// Elsewhere they panic; for values that are known at run time only, each has a `try_` twin.
///
/// ```compile_fail
/// use std::time::Duration;
/// use steadfast::cached::Cache;
///
/// static RATES: Cache<String, f64> = Cache::new("rates", Duration::from_secs(60)).max_entries(0);
/// ```
///
/// A key of one part is that part (`Cache<u64, V>` with `key = id`), one of several is a tuple. It
/// is looked up borrowed: by `&key`, by `"EUR"` where it is a `String`, by a tuple of references,
/// `(from, &7)`, where it is a tuple.
///
/// `D` is what becomes of calls while a second tier does not answer, [`Run`] where nothing else is
/// said: see [`when_down`](super::when_down).
///
/// [`Answer`]: super::Answer
pub struct Cache<K, V, D = Run> {
    name: &'static str,
    limits: Configurable<Limits>,
    shelf: OnceLock<Arc<Shelf<K, V>>>,
    tier: OnceLock<Arc<dyn Tiered<K, V>>>,
    when_down: PhantomData<fn() -> D>,
}

macro_rules! step {
    ($(#[$doc:meta])* $step:ident, $(#[$try_doc:meta])* $try_step:ident, $value:ty) => {
        $(#[$doc])*
        pub const fn $step(mut self, value: $value) -> Self {
            self.limits.built = checked!(self.limits.built.$step(value));
            self
        }

        $(#[$try_doc])*
        pub const fn $try_step(self, value: $value) -> Result<Self, PolicyError> {
            let limits = self.limits.built.$step(value);
            self.limited(limits)
        }
    };
}

/// # Settings
impl<K, V> Cache<K, V> {
    /// A cache that keeps values for `ttl` at most; each lives for 90 % to 100 % of it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::cached::Cache;
    ///
    /// static NAMES: Cache<u64, String> = Cache::new("names", Duration::from_secs(60));
    /// ```
    ///
    /// # Panics
    /// On zero; in a `static` that is a compile error.
    pub const fn new(name: &'static str, ttl: Duration) -> Self {
        Self::with(name, checked!(Limits::new(ttl)))
    }

    /// [`new`](Self::new) for a duration known at run time only.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::cached::Cache;
    ///
    /// let error = Cache::<u64, String>::try_new("names", Duration::ZERO).unwrap_err();
    /// assert_eq!(error.setting(), "ttl");
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub const fn try_new(name: &'static str, ttl: Duration) -> Result<Self, PolicyError> {
        match Limits::new(ttl) {
            Ok(limits) => Ok(Self::with(name, limits)),
            Err(error) => Err(error),
        }
    }

    /// A cache with settings from outside the program.
    ///
    /// See [`CacheConfig`] for an example.
    ///
    /// # Errors
    /// Where `ttl` is missing, or a setting cannot be right; the error names it.
    pub fn from_config(name: &'static str, config: &CacheConfig) -> Result<Self, PolicyError> {
        let ttl = config.ttl.ok_or_else(|| PolicyError::new("ttl", "is required: how long may an answer be old?"))?;
        Ok(Self::with(name, Limits::new(ttl)?.with(config)?))
    }

    /// A cache whose calls may be refused while its second tier does not answer, as a tier that was
    /// made with [`Refuse`] asks for. It is for one in a `static`; [`tier`](Self::tier) does the
    /// same by itself.
    ///
    /// See [`Refuse`] for an example.
    pub const fn refusing(self) -> Cache<K, V, Refuse> {
        let refusing = Cache::with(self.name, self.limits.built);
        // A const fn may not drop it. While it is being built it has no state.
        mem::forget(self);
        refusing
    }
}

/// # More settings
impl<K, V, D> Cache<K, V, D> {
    const fn with(name: &'static str, limits: Limits) -> Self {
        let limits = Configurable::new(limits);
        Self { name, limits, shelf: OnceLock::new(), tier: OnceLock::new(), when_down: PhantomData }
    }

    step! {
        /// Also forgets what nobody asked for during that time. Default: off.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// Cache::<u64, String>::new("names", Duration::from_secs(60)).idle(Duration::from_secs(10));
        /// ```
        ///
        /// # Panics
        /// On zero, or on more than `ttl`, which would end the entry first; in a `static` that is a
        /// compile error.
        idle,
        /// [`idle`](Self::idle) for a duration known at run time only.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// let names = Cache::<u64, String>::new("names", Duration::from_secs(60));
        /// assert!(names.try_idle(Duration::from_secs(61)).is_err());
        /// ```
        ///
        /// # Errors
        /// On zero, or on more than `ttl`.
        try_idle, Duration
    }

    step! {
        /// How many entries it keeps. Default 10,000. What is asked for least goes first.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// Cache::<u64, String>::new("names", Duration::from_secs(60)).max_entries(200);
        /// ```
        ///
        /// # Panics
        /// On 0; in a `static` that is a compile error.
        max_entries,
        /// [`max_entries`](Self::max_entries) for a number known at run time only.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// assert!(Cache::<u64, String>::new("names", Duration::from_secs(60)).try_max_entries(0).is_err());
        /// ```
        ///
        /// # Errors
        /// On 0.
        try_max_entries, u64
    }

    step! {
        /// Also keeps a definite "no" for that long, or up to a tenth less: `None`, and errors that
        /// are terminal. [`get`](Self::get) does not see it. Default: off.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// Cache::<u64, String>::new("names", Duration::from_secs(60)).negative_ttl(Duration::from_secs(5));
        /// ```
        ///
        /// # Panics
        /// On zero; in a `static` that is a compile error.
        negative_ttl,
        /// [`negative_ttl`](Self::negative_ttl) for a duration known at run time only.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// let names = Cache::<u64, String>::new("names", Duration::from_secs(60));
        /// assert!(names.try_negative_ttl(Duration::ZERO).is_err());
        /// ```
        ///
        /// # Errors
        /// On zero.
        try_negative_ttl, Duration
    }

    step! {
        /// The age, or up to a tenth less, from which the next call that asks for an entry loads it
        /// again, while the others still get the old value. Default: off.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// Cache::<u64, String>::new("names", Duration::from_secs(60)).refresh_after(Duration::from_secs(45));
        /// ```
        ///
        /// # Panics
        /// On zero, or on `ttl` or more, which would end the entry first; in a `static` that is a
        /// compile error.
        refresh_after,
        /// [`refresh_after`](Self::refresh_after) for a duration known at run time only.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// let names = Cache::<u64, String>::new("names", Duration::from_secs(60));
        /// assert!(names.try_refresh_after(Duration::from_secs(60)).is_err());
        /// ```
        ///
        /// # Errors
        /// On zero, or on `ttl` or more.
        try_refresh_after, Duration
    }

    step! {
        /// How long past its expiry a value stands in for a load that fails, with a failure that is
        /// not terminal. Default: off.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// Cache::<u64, String>::new("names", Duration::from_secs(60)).stale_if_error(Duration::from_secs(600));
        /// ```
        ///
        /// # Panics
        /// On zero; in a `static` that is a compile error.
        stale_if_error,
        /// [`stale_if_error`](Self::stale_if_error) for a duration known at run time only.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use steadfast::cached::Cache;
        /// let names = Cache::<u64, String>::new("names", Duration::from_secs(60));
        /// assert!(names.try_stale_if_error(Duration::ZERO).is_err());
        /// ```
        ///
        /// # Errors
        /// On zero.
        try_stale_if_error, Duration
    }

    const fn limited(mut self, limits: Result<Limits, PolicyError>) -> Result<Self, PolicyError> {
        match limits {
            Ok(limits) => {
                self.limits.built = limits;
                Ok(self)
            }
            Err(error) => {
                // A const fn may not drop it. While it is being built it has no state.
                mem::forget(self);
                Err(error)
            }
        }
    }

    /// The cache's name.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cache;
    /// assert_eq!(Cache::<u64, String>::new("names", Duration::from_secs(60)).name(), "names");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Puts the settings that are given in force over those it was built with. It is done once, at
    /// start-up, before the cache is used.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::ConfigureError;
    /// use steadfast::cached::{Cache, CacheConfig};
    ///
    /// static NAMES: Cache<u64, String> = Cache::new("names", Duration::from_secs(60));
    /// let config = CacheConfig { ttl: Some(Duration::from_secs(5)), ..CacheConfig::default() };
    /// NAMES.configure(&config).unwrap();
    /// assert_eq!(NAMES.configure(&config), Err(ConfigureError::Again));
    /// ```
    ///
    /// # Errors
    /// Where a setting cannot be right, together with the others in force; where it was configured
    /// before; where the cache has been used.
    pub fn configure(&self, config: &CacheConfig) -> Result<(), ConfigureError>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        D: WhenDown,
    {
        configure(&self.limits, config, here(self).shelf.get().is_some())
    }
}

impl<K, V, D> Cache<K, V, D>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    D: WhenDown,
{
    /// A second tier behind this cache, by which processes share their values. For a cache that is
    /// built at run time; see [`use_tier`](Self::use_tier) for one in a `static`.
    ///
    /// See [`SecondTier`] for an example.
    pub fn tier<T: SecondTier>(self, tier: T) -> Cache<K, V, T::WhenDown>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        let coded = Coded { tier, cache: self.name, codec: Codec::serde() };
        let tier = OnceLock::from(Arc::new(coded) as Arc<dyn Tiered<K, V>>);
        Cache { name: self.name, limits: self.limits, shelf: self.shelf, tier, when_down: PhantomData }
    }

    /// Puts a second tier behind a cache in a `static`, once, at start-up; what the cache has by then
    /// is forgotten. While it does not answer, it must do what the cache says: [`Run`], or [`Refuse`]
    /// for one that is [`refusing`](Cache::refusing).
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::cached::{Cache, MemoryTier};
    ///
    /// static NAMES: Cache<u64, String> = Cache::new("names", Duration::from_secs(60));
    /// NAMES.use_tier(MemoryTier::default()).unwrap();
    /// assert!(NAMES.use_tier(MemoryTier::default()).is_err());
    /// ```
    ///
    /// # Errors
    /// Where it has one.
    pub fn use_tier(&self, tier: impl SecondTier<WhenDown = D>) -> Result<(), ConfigureError>
    where
        K: Serialize + DeserializeOwned,
        V: Serialize + DeserializeOwned,
    {
        let coded = Coded { tier, cache: self.name, codec: Codec::serde() };
        self.tier.set(Arc::new(coded)).map_err(|_| ConfigureError::Again)?;
        // What it has was loaded before it could hear of what others invalidate.
        if let Some(shelf) = self.shelf.get() {
            shelf.clear();
        }
        Ok(())
    }

    #[inline]
    pub(super) fn shelf(&self) -> &Arc<Shelf<K, V>> {
        here(self).shelf.get_or_init(|| Arc::new(Shelf::new(*self.limits.get())))
    }

    pub(super) fn second_tier(&self) -> Option<&Arc<dyn Tiered<K, V>>> {
        here(self).tier.get()
    }
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static, D: WhenDown> Fresh for Cache<K, V, D> {
    /// Without the second tier, which is state that others see.
    fn fresh(&self) -> Self {
        Self::with(self.name, *self.limits.get())
    }
}

impl<K, V, D> Describe for Cache<K, V, D>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    D: WhenDown,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        self.limits.get().describe()
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        self.configure(&config::read(settings)?)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    /// Of this process only.
    fn operate(&self, operation: Operation) -> bool {
        let clear = operation == Operation::Clear;
        if clear {
            self.forget_all();
        }
        clear
    }

    fn state(&self) -> Option<State> {
        let entries = here(self).shelf.get().map_or(0, |shelf| shelf.entries());
        Some(State::Cached { entries })
    }
}

/// Settings only: what it keeps may be anything.
impl<K, V, D> fmt::Debug for Cache<K, V, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("name", &self.name).field("limits", self.limits.get()).finish_non_exhaustive()
    }
}
