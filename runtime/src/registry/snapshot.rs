//! What an operator's page shows of every function.

use std::fmt;

use serde::Serialize;

use super::function::{Entry, Function, functions};
use super::{Describe, Settings, State};

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
    /// The policy's name, by which it is [configured](fn@crate::configure) and
    /// [operated](fn@crate::control); `None` where the policy belongs to an instance or to the call.
    pub name: Option<&'static str>,
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
/// It serializes with serde, for a page that operators read, and each function prints as a few lines.
/// The fields' names in JSON are stable: those of [`FunctionSnapshot`] and [`LayerSnapshot`], in
/// `settings` those of the attributes, and in `state` those of [`State`] beside its `kind`.
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
}

impl Entry {
    fn snapshot(&self) -> LayerSnapshot {
        let (policy, budget) = (self.policy.get(), self.policy.budget());
        let mut settings = policy.map(Describe::settings).unwrap_or_default();
        settings.extend(budget.map(|budget| ("budget", budget.name().to_owned())));
        LayerSnapshot {
            layer: self.layer.as_str(),
            name: policy.map(Describe::name),
            written: self.written,
            settings,
            state: policy.and_then(Describe::state).or_else(|| budget.and_then(Describe::state)),
        }
    }
}

/// For people: the function and its place, then a line for each layer.
impl fmt::Display for FunctionSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{} ({}:{})", self.module, self.name, self.file, self.line)?;
        self.stack.iter().try_for_each(|layer| write!(f, "\n  {layer}"))
    }
}

/// For people: `circuit_breaker gateway [failure_threshold 5, recovery_timeout 30s, ..]: state closed`.
impl fmt::Display for LayerSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.layer)?;
        if let Some(name) = self.name {
            write!(f, " {name}")?;
        }
        if self.settings.is_empty() {
            write!(f, " ({})", self.written)?;
        } else {
            let settings: Vec<_> = self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
            write!(f, " [{}]", settings.join(", "))?;
        }
        match &self.state {
            Some(state) => write!(f, ": {state}"),
            None => Ok(()),
        }
    }
}
