//! A function's own cache: one state for each set of its type parameters.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::CacheConfig;
use super::limits::Limits;
use super::shelf::Shelf;
use crate::ConfigureError;
use crate::config::{self, Configurable};
use crate::policy::checked;
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::slot::Slot;

/// What `#[cached]` keeps in a `static`: settings, and a place for state whose types the `static`
/// of a generic function cannot name.
pub struct Cached {
    name: &'static str,
    limits: Configurable<Limits>,
    slot: Slot,
}

impl Cached {
    pub const fn new(name: &'static str, ttl: Duration) -> Self {
        Self { name, limits: Configurable::new(checked!(Limits::new(ttl))), slot: Slot::new() }
    }

    pub const fn idle(mut self, idle: Duration) -> Self {
        self.limits.built = checked!(self.limits.built.idle(idle));
        self
    }

    pub const fn max_entries(mut self, entries: u64) -> Self {
        self.limits.built = checked!(self.limits.built.max_entries(entries));
        self
    }

    pub const fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.limits.built = checked!(self.limits.built.negative_ttl(ttl));
        self
    }

    pub const fn refresh_after(mut self, after: Duration) -> Self {
        self.limits.built = checked!(self.limits.built.refresh_after(after));
        self
    }

    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.limits.built = checked!(self.limits.built.stale_if_error(time));
        self
    }

    /// The state of one instantiation.
    #[inline]
    pub(super) fn shelf<O, R>(&self) -> &Arc<Shelf<O, R>>
    where
        O: Hash + Eq + Send + Sync + 'static,
        R: Send + Sync + 'static,
    {
        here(self).slot.get_or_init(|| Arc::new(Shelf::new(*self.limits.get())))
    }
}

impl Fresh for Cached {
    fn fresh(&self) -> Self {
        Self { name: self.name, limits: Configurable::new(*self.limits.get()), slot: Slot::new() }
    }
}

impl Describe for Cached {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        self.limits.get().describe()
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        let config: CacheConfig = config::read(settings)?;
        configure(&self.limits, &config, !here(self).slot.is_empty())
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn operate(&self, operation: Operation) -> bool {
        let clear = operation == Operation::Clear;
        if clear {
            here(self).slot.clear();
        }
        clear
    }

    fn state(&self) -> Option<State> {
        Some(State::Cached { entries: here(self).slot.entries() })
    }
}

/// Puts settings from outside in force, unless the cache has been used: its size is fixed then, and
/// its entries have their times.
pub(super) fn configure(limits: &Configurable<Limits>, config: &CacheConfig, used: bool) -> Result<(), ConfigureError> {
    let settings = limits.get().with(config)?;
    if used {
        return Err(ConfigureError::InUse);
    }
    limits.configure(settings)
}

/// Settings only: what it keeps may be anything.
impl fmt::Debug for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("name", &self.name).field("limits", self.limits.get()).finish_non_exhaustive()
    }
}
