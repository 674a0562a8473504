//! What a policy tells of itself, and what can be done to it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::State;
use crate::ConfigureError;

/// Settings by name, in the attribute's words; the values as they print, durations with their unit.
///
/// See [`LayerSnapshot`](super::LayerSnapshot) for an example.
pub type Settings = BTreeMap<&'static str, String>;

/// What an operator may do to a policy by its name; see [`Control`](crate::Control).
///
/// ```
/// use steadfast::registry::Operation;
///
/// assert_eq!(Operation::ForceOpen.to_string(), "force_open");
/// assert_eq!(Operation::of("metrics_only"), Some(Operation::MetricsOnly));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// A circuit breaker refuses every call.
    ForceOpen,
    /// A circuit breaker lets every call through, and learns nothing.
    Disable,
    /// A circuit breaker lets every call through, and goes on counting and telling what it would do.
    MetricsOnly,
    /// A circuit breaker decides by itself again, and begins closed.
    Reset,
    /// A cache forgets its entries; a limiter what it has admitted; what is keyed its keys.
    Clear,
}

impl Operation {
    pub(super) const ALL: [Self; 5] = [Self::ForceOpen, Self::Disable, Self::MetricsOnly, Self::Reset, Self::Clear];

    /// The operation's name, in lower case with underscores.
    ///
    /// See [`Operation`] for an example.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForceOpen => "force_open",
            Self::Disable => "disable",
            Self::MetricsOnly => "metrics_only",
            Self::Reset => "reset",
            Self::Clear => "clear",
        }
    }

    /// The operation of that name.
    ///
    /// See [`Operation`] for an example.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a policy tells of itself, and what can be done to it. Only names, numbers and states; never
/// keys or values.
#[doc(hidden)]
pub trait Describe {
    /// The name it goes by: the one it was given, or its function's.
    fn name(&self) -> &'static str;
    /// The settings in force, by name.
    fn settings(&self) -> Settings;
    /// Puts settings from outside in force, checked as the macros check those of an attribute.
    fn configure(&self, _settings: &Value) -> Result<(), ConfigureError> {
        Err(ConfigureError::Fixed)
    }
    /// A copy of the same settings, which settings from outside are tried on before any policy of the
    /// program takes them. A policy that can be configured has one: `Some(Box::new(self.fresh()))`.
    fn trial(&self) -> Option<Box<dyn Describe>> {
        None
    }
    /// Does what an operator asks; `false` where it means nothing to this policy.
    fn operate(&self, _operation: Operation) -> bool {
        false
    }
    /// The state in this moment, where there is one.
    fn state(&self) -> Option<State> {
        None
    }
    /// The idempotent name, for the check that no two functions share one.
    fn idempotent_name(&self) -> Option<&'static str> {
        None
    }
    /// How long a call below it may take, for the rules that concern several layers.
    fn limit(&self) -> Option<Duration> {
        None
    }
    /// How long a claim holds that is not renewed, for the same rules.
    fn lease(&self) -> Option<Duration> {
        None
    }
}

/// What stands behind a pointer, or is made on first use, describes itself.
macro_rules! behind {
    ($($pointer:ty),*) => {$(
        impl<T: Describe> Describe for $pointer {
            fn name(&self) -> &'static str {
                (**self).name()
            }
            fn settings(&self) -> Settings {
                (**self).settings()
            }
            fn configure(&self, settings: &Value) -> Result<(), ConfigureError> {
                (**self).configure(settings)
            }
            fn trial(&self) -> Option<Box<dyn Describe>> {
                (**self).trial()
            }
            fn operate(&self, operation: Operation) -> bool {
                (**self).operate(operation)
            }
            fn state(&self) -> Option<State> {
                (**self).state()
            }
            fn idempotent_name(&self) -> Option<&'static str> {
                (**self).idempotent_name()
            }
            fn limit(&self) -> Option<Duration> {
                (**self).limit()
            }
            fn lease(&self) -> Option<Duration> {
                (**self).lease()
            }
        }
    )*};
}
behind!(LazyLock<T>, Arc<T>, &'static T);
