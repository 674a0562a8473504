//! A fallback has a name and no settings: what stands in, and for what, belongs to the call.

use crate::registry::{Describe, Settings};

/// What counts how often something stood in. [`#[fallback]`](macro@crate::fallback) makes one under the
/// function's name; [`call`](Self::call) is for those who compose by hand.
///
/// ```
/// use steadfast::fallback::Fallback;
///
/// static RATES: Fallback = Fallback::new("rates");
/// assert_eq!(RATES.name(), "rates");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fallback {
    name: &'static str,
}

impl Fallback {
    /// A fallback that logs and metrics call by this name.
    ///
    /// See [`Fallback`] for an example.
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// The name it was given.
    ///
    /// See [`Fallback`] for an example.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl Describe for Fallback {
    fn name(&self) -> &'static str {
        self.name
    }

    fn settings(&self) -> Settings {
        Settings::new()
    }
}
