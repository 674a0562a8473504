//! What is charged.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// An order, which must be charged once. What its gateway is like follows from its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Order(pub u32);

impl Order {
    /// All of a range.
    pub(crate) fn all(range: &Range<u32>) -> impl Iterator<Item = Self> + use<> {
        range.clone().map(Self)
    }

    /// Its card is always declined: nothing is charged, and every caller gets the first one's error.
    pub(crate) fn is_declined(self) -> bool {
        self.0 % 10 == 3
    }

    /// When a call for it is in doubt, the gateway cannot say what became of it; an operator must.
    pub(crate) fn is_opaque(self) -> bool {
        self.0 % 10 == 7
    }

    /// The order of a key.
    pub(crate) fn of(key: &str) -> Option<Self> {
        key.strip_prefix("order-")?.parse().ok().map(Self)
    }
}

/// Its idempotency key.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order-{}", self.0)
    }
}
