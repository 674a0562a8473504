//! The settings of a cache, and its state.

use std::fmt;
use std::hash::Hash;
use std::mem;
use std::time::Duration;

use super::decision::Limits;
use super::shelf::Shelf;
use crate::PolicyError;
use crate::policy::checked;
use crate::registry::{Describe, Settings, State};
use crate::slot::Slot;

/// A cache: how long results are kept, and how many.
///
/// | setting | default |
/// |---|---|
/// | `ttl` | required |
/// | `idle` | off |
/// | `max_entries` | 10,000 |
/// | `negative_ttl` | off |
///
/// [`#[cached]`](macro@crate::cached) makes one of its settings, of the same names, and keeps it in
/// a `static`.
///
/// The builder steps work in a `static`, where a setting that cannot be right is a compile error.
/// Elsewhere they panic; for values that are known at run time only, each has a `try_` twin.
///
/// ```
/// use std::time::Duration;
/// use steadfast::cached::Cached;
///
/// static RATES: Cached = Cached::new("rates", Duration::from_secs(60)).max_entries(500);
/// ```
///
/// ```compile_fail
/// use std::time::Duration;
/// use steadfast::cached::Cached;
///
/// static RATES: Cached = Cached::new("rates", Duration::from_secs(60)).max_entries(0);
/// ```
pub struct Cached {
    name: &'static str,
    limits: Limits,
    slot: Slot,
}

impl Cached {
    /// A cache that keeps results for `ttl` at most; each lives for 90 % to 100 % of it.
    ///
    /// ```
    /// use std::time::Duration;
    /// steadfast::cached::Cached::new("rates", Duration::from_secs(60));
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
    /// use steadfast::cached::Cached;
    ///
    /// let error = Cached::try_new("rates", Duration::ZERO).unwrap_err();
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

    const fn with(name: &'static str, limits: Limits) -> Self {
        Self { name, limits, slot: Slot::new() }
    }

    /// The cache's name; under the attribute, the function's.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// assert_eq!(Cached::new("rates", Duration::from_secs(60)).name(), "rates");
    /// ```
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Also forgets what nobody asked for during that time. Default: off.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// Cached::new("rates", Duration::from_secs(60)).idle(Duration::from_secs(10));
    /// ```
    ///
    /// # Panics
    /// On zero, or on more than `ttl`, which would end the entry first; in a `static` that is a
    /// compile error.
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.limits = checked!(self.limits.idle(idle));
        self
    }

    /// [`idle`](Self::idle) for a duration known at run time only.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// let rates = Cached::new("rates", Duration::from_secs(60));
    /// assert!(rates.try_idle(Duration::from_secs(61)).is_err());
    /// ```
    ///
    /// # Errors
    /// On zero, or on more than `ttl`.
    pub const fn try_idle(self, idle: Duration) -> Result<Self, PolicyError> {
        let limits = self.limits.idle(idle);
        self.limited(limits)
    }

    /// How many results it keeps, for each set of the function's type parameters. Default 10,000.
    /// What is asked for least goes first.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// Cached::new("rates", Duration::from_secs(60)).max_entries(200);
    /// ```
    ///
    /// # Panics
    /// On 0; in a `static` that is a compile error.
    pub const fn max_entries(mut self, entries: u64) -> Self {
        self.limits = checked!(self.limits.max_entries(entries));
        self
    }

    /// [`max_entries`](Self::max_entries) for a number known at run time only.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// assert!(Cached::new("rates", Duration::from_secs(60)).try_max_entries(0).is_err());
    /// ```
    ///
    /// # Errors
    /// On 0.
    pub const fn try_max_entries(self, entries: u64) -> Result<Self, PolicyError> {
        let limits = self.limits.max_entries(entries);
        self.limited(limits)
    }

    /// Also keeps a definite "no" for that long, or up to a tenth less: `None`, and errors that are
    /// terminal. Default: off.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// Cached::new("rates", Duration::from_secs(60)).negative_ttl(Duration::from_secs(5));
    /// ```
    ///
    /// # Panics
    /// On zero; in a `static` that is a compile error.
    pub const fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.limits = checked!(self.limits.negative_ttl(ttl));
        self
    }

    /// [`negative_ttl`](Self::negative_ttl) for a duration known at run time only.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use steadfast::cached::Cached;
    /// let rates = Cached::new("rates", Duration::from_secs(60));
    /// assert!(rates.try_negative_ttl(Duration::ZERO).is_err());
    /// ```
    ///
    /// # Errors
    /// On zero.
    pub const fn try_negative_ttl(self, ttl: Duration) -> Result<Self, PolicyError> {
        let limits = self.limits.negative_ttl(ttl);
        self.limited(limits)
    }

    const fn limited(mut self, limits: Result<Limits, PolicyError>) -> Result<Self, PolicyError> {
        match limits {
            Ok(limits) => {
                self.limits = limits;
                Ok(self)
            }
            Err(error) => {
                // A const fn may not drop it. While it is being built its slot is empty.
                mem::forget(self);
                Err(error)
            }
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The state of one instantiation.
    pub(super) fn shelf<O, R, J>(&self) -> &Shelf<O, R, J>
    where
        O: Hash + Eq + Send + Sync + 'static,
        R: Send + Sync + 'static,
        J: Send + Sync + 'static,
    {
        self.slot.get_or_init(|| Shelf::new(&self.limits))
    }
}

impl Limits {
    const fn new(ttl: Duration) -> Result<Self, PolicyError> {
        if ttl.is_zero() {
            return Err(PolicyError::new("ttl", "must be longer than zero"));
        }
        Ok(Self { ttl, idle: None, max_entries: 10_000, negative_ttl: None })
    }

    const fn idle(mut self, idle: Duration) -> Result<Self, PolicyError> {
        if idle.is_zero() {
            return Err(PolicyError::new("idle", "must be longer than zero"));
        }
        if idle.as_nanos() > self.ttl.as_nanos() {
            return Err(PolicyError::new("idle", "may not be longer than `ttl`, which ends it first"));
        }
        self.idle = Some(idle);
        Ok(self)
    }

    const fn max_entries(mut self, entries: u64) -> Result<Self, PolicyError> {
        if entries == 0 {
            return Err(PolicyError::new("max_entries", "must be 1 or more"));
        }
        self.max_entries = entries;
        Ok(self)
    }

    const fn negative_ttl(mut self, ttl: Duration) -> Result<Self, PolicyError> {
        if ttl.is_zero() {
            return Err(PolicyError::new("negative_ttl", "must be longer than zero"));
        }
        self.negative_ttl = Some(ttl);
        Ok(self)
    }
}

impl Describe for Cached {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        let off = |time: Option<Duration>| time.map_or("off".to_owned(), |time| format!("{time:?}"));
        Settings::from([
            ("ttl", format!("{:?}", self.limits.ttl)),
            ("idle", off(self.limits.idle)),
            ("max_entries", self.limits.max_entries.to_string()),
            ("negative_ttl", off(self.limits.negative_ttl)),
        ])
    }

    fn state(&self) -> Option<State> {
        Some(State::Cached { entries: self.slot.entries() })
    }
}

/// Settings only: what it keeps may be anything.
impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("name", &self.name).field("limits", &self.limits).finish_non_exhaustive()
    }
}
