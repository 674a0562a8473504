//! The keyed policy of one function: its keys' type is known only where it is called.

use std::fmt;
use std::hash::Hash;

use super::keys::{Keys, Rules};
use super::policy::checked_max_keys;
use super::{PerKey, View};
use crate::config::Configurable;
use crate::policy::checked;
use crate::registry::{Describe, Operation, Settings, State};
use crate::scope::{Fresh, here};
use crate::slot::{Shelved, Slot};

/// What an attribute with `key = ..` makes of its settings. Each type of key has states of its own.
#[doc(hidden)]
pub struct KeyedSlot<P: PerKey> {
    policy: P,
    max_keys: Configurable<u32>,
    slot: Slot,
}

impl<P: PerKey> KeyedSlot<P> {
    pub const fn new(policy: P) -> Self {
        Self { policy, max_keys: Configurable::new(P::MAX_KEYS), slot: Slot::new() }
    }

    pub const fn max_keys(mut self, keys: u32) -> Self {
        self.max_keys.built = checked!(checked_max_keys::<P>(keys));
        self
    }

    /// The policy with the states of these keys.
    #[inline]
    pub(crate) fn view<K: Hash + Send + 'static>(&self) -> View<'_, K, P> {
        let this = here(self);
        let rules = Rules { policy: &this.policy, max_keys: &this.max_keys, own: None };
        View { rules, keys: this.slot.get_or_init(Keys::<K, P>::new) }
    }
}

impl<P: PerKey> Fresh for KeyedSlot<P> {
    fn fresh(&self) -> Self {
        let max_keys = Configurable::new(*self.max_keys.get());
        Self { policy: self.policy.fresh(), max_keys, slot: Slot::new() }
    }
}

impl<P: PerKey> fmt::Debug for KeyedSlot<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedSlot").field("name", &self.policy.name()).finish_non_exhaustive()
    }
}

impl<P: PerKey> Describe for KeyedSlot<P> {
    fn name(&self) -> &'static str {
        self.policy.name()
    }

    fn settings(&self) -> Settings {
        let this = here(self);
        super::policy::settings(&this.policy, &this.max_keys)
    }

    fn configure(&self, settings: &serde_json::Value) -> Result<(), crate::ConfigureError> {
        let this = here(self);
        super::policy::configure(&this.policy, &this.max_keys, settings)
    }

    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(self.fresh()))
    }

    fn operate(&self, operation: Operation) -> bool {
        let this = here(self);
        super::policy::operate(&this.policy, operation, || this.slot.each().for_each(Shelved::clear))
    }

    fn state(&self) -> Option<State> {
        let slot = &here(self).slot;
        Some(State::Keyed { keys: slot.entries(), busy: slot.each().map(Shelved::busy).sum() })
    }
}
