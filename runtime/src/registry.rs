//! Every annotated function of the program, called or not: its name, place, stack, settings and
//! live state.
//!
//! [`snapshot`] is what an operator's page shows; [`check`] is what a program asks before it starts.
//! The linker gathers the functions, so nothing has to be registered, and nothing runs before `main`.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

use serde::Serialize;

use crate::circuit_breaker::CircuitBreaker;
use crate::rate_limit::RateLimiter;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::{ConfigureError, Layer};

/// One annotated function, as its attributes registered it.
#[doc(hidden)]
pub struct Function {
    pub name: &'static str,
    pub module: &'static str,
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
    pub layers: &'static [Entry],
}

/// One layer of a registered function.
#[doc(hidden)]
pub struct Entry {
    pub layer: Layer,
    pub policy: Described,
    /// The settings as they are written on the attribute.
    pub written: &'static str,
}

/// Where the policy of a layer is, for those who describe it.
#[doc(hidden)]
pub enum Described {
    /// The function has it to itself.
    Own(&'static (dyn Describe + Sync)),
    /// Functions share it. Of any type, so that one of a wrong type is an error where it is used,
    /// and only there.
    Shared(&'static (dyn Any + Sync)),
    /// It belongs to an instance or to the call.
    Elsewhere,
    /// Two: the layer's own, and one that it uses: a retry's budget.
    With(&'static Described, &'static Described),
}

/// All of them, gathered by the linker.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static FUNCTIONS: [Function];

/// What an operator may do to a policy by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What a policy tells of itself, and what can be done to it. Only names, numbers and states; never
/// keys or values.
#[doc(hidden)]
pub trait Describe {
    /// The name it goes by: the one it was given, or its function's.
    fn name(&self) -> &'static str;
    /// The settings in force, by name.
    fn settings(&self) -> Settings;
    /// Puts settings from outside in force, checked as the macros check those of an attribute.
    fn configure(&self, _settings: &serde_json::Value) -> Result<(), ConfigureError> {
        Err(ConfigureError::Fixed)
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
}

impl<T: Describe> Describe for LazyLock<T> {
    fn name(&self) -> &'static str {
        (**self).name()
    }
    fn configure(&self, settings: &serde_json::Value) -> Result<(), ConfigureError> {
        (**self).configure(settings)
    }
    fn operate(&self, operation: Operation) -> bool {
        (**self).operate(operation)
    }
    fn settings(&self) -> Settings {
        (**self).settings()
    }
    fn state(&self) -> Option<State> {
        (**self).state()
    }
    fn idempotent_name(&self) -> Option<&'static str> {
        (**self).idempotent_name()
    }
}

/// Settings by name, in the attribute's words; the values as they print, durations with their unit.
///
/// See [`LayerSnapshot`] for an example.
pub type Settings = BTreeMap<&'static str, String>;

/// A policy's state in one moment.
///
/// ```
/// use steadfast::registry::{self, State};
/// use steadfast::{Failure, Rejection, circuit_breaker};
///
/// #[derive(Debug, Failure)]
/// enum GatewayError {
///     #[failure(transient)]
///     Down,
///     #[failure(transparent)]
///     Refused(Rejection),
/// }
/// # impl From<Rejection> for GatewayError {
/// #     fn from(rejection: Rejection) -> Self {
/// #         Self::Refused(rejection)
/// #     }
/// # }
///
/// #[circuit_breaker(failure_threshold = 3)]
/// async fn docs_state_capture() -> Result<(), GatewayError> {
///     Err(GatewayError::Down)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// docs_state_capture().await.unwrap_err();
///
/// let functions = registry::snapshot();
/// let capture = functions.iter().find(|f| f.name == "docs_state_capture").unwrap();
/// let breaker = State::CircuitBreaker { state: "closed", failures: 1, retry_after: None };
/// assert_eq!(capture.stack[0].state, Some(breaker));
///
/// let json = serde_json::to_value(&capture.stack[0].state).unwrap();
/// assert_eq!(json["kind"], "circuit_breaker");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// A circuit breaker's.
    CircuitBreaker {
        /// `closed`, `open` or `half_open`.
        state: &'static str,
        /// Failures in a row, while closed.
        failures: u32,
        /// Seconds until it lets a probe through, while open.
        retry_after: Option<f64>,
    },
    /// A rate limiter's.
    RateLimit {
        /// Calls admitted within the last period; `None` for a limiter that smooths (`rate`), which
        /// does not count them.
        admitted: Option<u64>,
        /// Callers that wait for their turn.
        waiting: u64,
    },
    /// A retry's, where it has a budget: the budget's.
    RetryBudget {
        /// The budget's name.
        name: &'static str,
        /// Calls within its window.
        calls: u64,
        /// Retries within its window.
        retries: u64,
        /// Retries that could be made now.
        available: u64,
    },
    /// A cache's.
    Cached {
        /// Entries, those of all type parameters together, expired ones included until they are
        /// swept.
        entries: u64,
    },
}

/// One annotated function in a [`snapshot`].
///
/// ```
/// #[steadfast::timed]
/// #[steadfast::retry(repeatable, max_attempts = 2)]
/// async fn docs_snapshot_balance() -> Result<u64, steadfast::Rejection> {
///     Ok(100)
/// }
///
/// let functions = steadfast::registry::snapshot();
/// let balance = functions.iter().find(|f| f.name == "docs_snapshot_balance").unwrap();
/// let layers: Vec<_> = balance.stack.iter().map(|layer| layer.layer).collect();
/// assert_eq!(layers, ["timed", "retry"]);
///
/// let json = serde_json::to_value(balance).unwrap();
/// assert_eq!(json["stack"][1]["settings"]["max_attempts"], "2");
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FunctionSnapshot {
    /// The function's name.
    pub name: &'static str,
    /// The module it stands in, as `module_path!()` says it.
    pub module: &'static str,
    /// The source file, as `file!()` says it.
    pub file: &'static str,
    /// The line of its outermost attribute.
    pub line: u32,
    /// Its stack, outermost first.
    pub stack: Vec<LayerSnapshot>,
}

/// One layer in a [`snapshot`].
///
/// ```
/// #[steadfast::cached(ttl = "5m", max_entries = 200)]
/// async fn docs_layer_rate(currency: String) -> Option<u64> {
///     Some(108)
/// }
///
/// let functions = steadfast::registry::snapshot();
/// let rate = functions.iter().find(|f| f.name == "docs_layer_rate").unwrap();
/// let layer = &rate.stack[0];
/// assert_eq!(layer.layer, "cached");
/// assert!(layer.written.contains("200"));
/// assert_eq!(layer.settings["ttl"], "300s");
/// assert_eq!(layer.settings["negative_ttl"], "off"); // a default
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LayerSnapshot {
    /// The attribute's name, as [`Layer::as_str`](crate::Layer::as_str) gives it.
    pub layer: &'static str,
    /// The settings as they are written on the attribute.
    pub written: &'static str,
    /// The settings in force, defaults included; empty where the policy belongs to an instance or
    /// to the call (`self.breaker`, a `timeout` that is an expression), and for `validate`, whose
    /// rules are `written`.
    pub settings: Settings,
    /// The state in this moment; `None` where the layer has none, or one for each instance.
    pub state: Option<State>,
}

/// Every annotated function of the program, called or not, sorted by module and name.
///
/// It serializes with serde, for a page that operators read.
///
/// ```
/// #[steadfast::timeout("2s")]
/// async fn ask_the_gateway() -> Result<u32, steadfast::Rejection> {
///     Ok(42)
/// }
///
/// let functions = steadfast::registry::snapshot();
/// let this = functions.iter().find(|f| f.name == "ask_the_gateway").unwrap();
/// assert_eq!(this.stack[0].layer, "timeout");
/// assert_eq!(this.stack[0].settings["after"], "2s");
/// ```
pub fn snapshot() -> Vec<FunctionSnapshot> {
    functions().into_iter().map(Function::snapshot).collect()
}

/// Whether the program may start: no two functions have one idempotent name.
///
/// Without this check the calls to such functions are refused one by one, because their keys would
/// meet each other's records. A program that asks here first does not start.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     steadfast::registry::check()?;
///     // open the store, serve ..
///     Ok(())
/// }
/// ```
///
/// # Errors
/// The names, each with the places of the functions that have it.
pub fn check() -> Result<(), DuplicateNames> {
    let names = duplicate_names();
    if names.is_empty() { Ok(()) } else { Err(DuplicateNames(names)) }
}

/// Functions that share an idempotent name.
///
/// ```standalone_crate
/// # use steadfast::Rejection;
/// # use steadfast::idempotent::MemoryStore;
/// mod cards {
///     # use super::*;
///     #[steadfast::idempotent(name = "charge", key = key, payload = none, store = records)]
///     pub async fn charge(records: MemoryStore, key: String) -> Result<(), Rejection> {
///         Ok(())
///     }
/// }
/// mod wallets {
///     # use super::*;
///     #[steadfast::idempotent(name = "charge", key = key, payload = none, store = records)]
///     pub async fn charge(records: MemoryStore, key: String) -> Result<(), Rejection> {
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let duplicates = steadfast::registry::check().unwrap_err();
/// assert!(duplicates.to_string().starts_with("the idempotent name `charge` belongs to "));
///
/// // A program that did not ask:
/// let refused = cards::charge(MemoryStore::default(), "order-17".into()).await.unwrap_err();
/// assert_eq!(refused.code(), "duplicate_name");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DuplicateNames(&'static BTreeMap<&'static str, Vec<String>>);

impl fmt::Display for DuplicateNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, places)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}the idempotent name `{name}` belongs to {}", places.join(" and "))?;
        }
        Ok(())
    }
}

impl std::error::Error for DuplicateNames {}

/// Names of `idempotent` that more than one function has, with the places of those functions.
///
/// ```
/// assert!(steadfast::registry::duplicate_names().is_empty());
/// ```
pub fn duplicate_names() -> &'static BTreeMap<&'static str, Vec<String>> {
    static DUPLICATES: OnceLock<BTreeMap<&'static str, Vec<String>>> = OnceLock::new();
    DUPLICATES.get_or_init(|| {
        let mut places: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for function in functions() {
            for name in function.idempotent_names() {
                places.entry(name).or_default().push(function.place());
            }
        }
        places.retain(|_, places| places.len() > 1);
        places
    })
}

/// The registered functions, each place once: an attribute above ours that copies the function
/// (such as `#[axum::debug_handler]`) makes our attributes expand, and register, twice.
fn functions() -> Vec<&'static Function> {
    let mut functions: Vec<_> = FUNCTIONS.iter().collect();
    functions.sort_by_key(|f| (f.module, f.name, f.file, f.line, f.column));
    functions.dedup_by_key(|f| (f.module, f.name, f.file, f.line, f.column));
    functions
}

impl Function {
    fn snapshot(&self) -> FunctionSnapshot {
        FunctionSnapshot {
            name: self.name,
            module: self.module,
            file: self.file,
            line: self.line,
            stack: self.layers.iter().map(Entry::snapshot).collect(),
        }
    }

    fn idempotent_names(&self) -> impl Iterator<Item = &'static str> {
        self.layers.iter().filter_map(|entry| entry.policy.get().and_then(Describe::idempotent_name))
    }

    fn place(&self) -> String {
        format!("{}::{} ({}:{})", self.module, self.name, self.file, self.line)
    }
}

impl Described {
    fn get(&self) -> Option<&'static dyn Describe> {
        match *self {
            Self::Own(policy) => Some(policy),
            Self::Shared(policy) => shared::<CircuitBreaker>(policy)
                .or_else(|| shared::<RateLimiter>(policy))
                .or_else(|| shared::<RetryPolicy>(policy))
                .or_else(|| shared::<RetryBudget>(policy)),
            Self::Elsewhere => None,
            Self::With(policy, _) => policy.get(),
        }
    }

    /// What the layer uses beside its policy, by the setting that names it.
    fn beside(&self) -> Option<(&'static str, &'static dyn Describe)> {
        match *self {
            Self::With(_, budget) => budget.get().map(|budget| ("budget", budget)),
            _ => None,
        }
    }
}

/// The policy, if it is a `T`, or a `T` made on first use.
fn shared<T: Describe + 'static>(policy: &'static (dyn Any + Sync)) -> Option<&'static dyn Describe> {
    let policy: &'static dyn Any = policy;
    let plain = policy.downcast_ref::<T>().map(|policy| policy as &dyn Describe);
    plain.or_else(|| policy.downcast_ref::<LazyLock<T>>().map(|policy| policy as &dyn Describe))
}

impl Entry {
    fn snapshot(&self) -> LayerSnapshot {
        let (policy, beside) = (self.policy.get(), self.policy.beside());
        let mut settings = policy.map(Describe::settings).unwrap_or_default();
        settings.extend(beside.map(|(setting, beside)| (setting, beside.name().to_owned())));
        let state = policy.and_then(Describe::state).or_else(|| beside.and_then(|(_, beside)| beside.state()));
        LayerSnapshot { layer: self.layer.as_str(), written: self.written, settings, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PLAIN: CircuitBreaker = CircuitBreaker::new("plain");
    static LAZY: LazyLock<RateLimiter> =
        LazyLock::new(|| RateLimiter::window("lazy", 7, std::time::Duration::from_secs(1)));
    static OTHER: u32 = 7;

    #[test]
    fn a_shared_policy_is_described_where_it_is_known() {
        assert!(Described::Shared(&PLAIN).get().is_some());
        assert!(Described::Shared(&LAZY).get().is_some_and(|policy| policy.state().is_some()));
        assert!(Described::Shared(&OTHER).get().is_none());
        assert!(Described::Own(&PLAIN).get().is_some());
        assert!(Described::Elsewhere.get().is_none());
    }
}
