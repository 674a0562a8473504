//! What the expansion calls.

use std::hash::Hash;

pub use super::{Keyed, KeyedSlot};
use super::{PerKey, View};
pub use crate::key::Lone;

/// The states of a function's own keyed policy, for this type of key.
#[inline]
pub fn of_slot<K: Hash + Send + 'static, P: PerKey>(slot: &KeyedSlot<P>) -> View<'_, K, P> {
    slot.view()
}

/// The states of a shared keyed policy.
#[inline]
pub fn of_keyed<K: Hash + Send + 'static, P: PerKey>(keyed: &Keyed<K, P>) -> View<'_, K, P> {
    keyed.view()
}
