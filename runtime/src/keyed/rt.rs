//! What the expansion calls.

use std::hash::Hash;

use super::{Keyed, PerKey, View};
pub use super::KeyedSlot;
use crate::__rt::Probe;
pub use crate::key::Lone;
use crate::registry::Describe;

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

/// A shared policy as the registry describes it, whatever its type.
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    ($policy:path) => {
        || {
            #[allow(unused_imports, reason = "which of them is used depends on the type")]
            use $crate::__rt::{DescribedOfAny as _, DescribedOfPolicy as _};
            (&&$crate::__rt::Probe(&$policy)).described()
        }
    };
}
pub use __described as described;

pub trait DescribedOfPolicy {
    fn described(&self) -> Option<&'static dyn Describe>;
}

impl<T: Describe + 'static> DescribedOfPolicy for &Probe<'static, T> {
    fn described(&self) -> Option<&'static dyn Describe> {
        Some(self.0)
    }
}

pub trait DescribedOfAny {
    fn described(&self) -> Option<&'static dyn Describe>;
}

impl<T> DescribedOfAny for Probe<'_, T> {
    fn described(&self) -> Option<&'static dyn Describe> {
        None
    }
}
