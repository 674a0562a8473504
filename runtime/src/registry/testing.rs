//! Policies and functions as tests of the registry make them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::function::{Described, Entry};
use super::{Describe, Function, Operation, Settings, State};
use crate::config::{self, Configurable};
use crate::{ConfigureError, Layer, PolicyError};

/// A policy with all that one can have.
pub(super) struct Example {
    name: &'static str,
    pub(super) settings: Configurable<Limits>,
    pub(super) operated: AtomicU32,
}

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) after: Duration,
    pub(super) calls: u32,
    pub(super) lease: Option<Duration>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExampleConfig {
    #[serde(with = "config::duration")]
    after: Option<Duration>,
    #[serde(with = "config::number")]
    calls: Option<u32>,
    #[serde(with = "config::duration")]
    lease: Option<Duration>,
}

impl Example {
    pub(super) fn new(name: &'static str) -> Self {
        Self::of(name, Limits { after: Duration::from_secs(1), calls: 1, lease: None })
    }

    pub(super) fn of(name: &'static str, limits: Limits) -> Self {
        Self { name, settings: Configurable::new(limits), operated: AtomicU32::new(0) }
    }

    pub(super) fn leaked(name: &'static str) -> &'static Self {
        Box::leak(Box::new(Self::new(name)))
    }
}

impl Describe for Example {
    fn name(&self) -> &'static str {
        self.name
    }
    fn settings(&self) -> Settings {
        Settings::from([("calls", self.settings.get().calls.to_string())])
    }
    fn configure(&self, settings: &Value) -> Result<(), ConfigureError> {
        let config: ExampleConfig = config::read(settings)?;
        let mut limits = *self.settings.get();
        limits.after = config.after.unwrap_or(limits.after);
        limits.calls = config.calls.unwrap_or(limits.calls);
        limits.lease = config.lease.or(limits.lease);
        if limits.calls == 0 {
            return Err(PolicyError::new("calls", "must be at least 1").into());
        }
        if limits.after.is_zero() {
            return Err(PolicyError::new("after", "must be longer than zero").into());
        }
        self.settings.configure(limits)
    }
    fn trial(&self) -> Option<Box<dyn Describe>> {
        Some(Box::new(Self { settings: self.settings.clone(), operated: AtomicU32::new(0), ..*self }))
    }
    fn operate(&self, operation: Operation) -> bool {
        if operation == Operation::Clear {
            self.operated.fetch_add(1, Ordering::Relaxed);
        }
        operation == Operation::Clear
    }
    fn state(&self) -> Option<State> {
        None
    }
    fn limit(&self) -> Option<Duration> {
        self.settings.get().lease.is_none().then_some(self.settings.get().after)
    }
    fn lease(&self) -> Option<Duration> {
        self.settings.get().lease
    }
}

/// A function in a module, with the policies of its layers.
pub(super) fn function(
    module: &'static str,
    name: &'static str,
    layers: &[(Layer, &'static Example)],
) -> &'static Function {
    let entry = |(layer, policy): &(Layer, &'static Example)| {
        let policy: &'static Example = policy;
        Entry { layer: *layer, policy: Described::Own(policy), written: "" }
    };
    let layers = layers.iter().map(entry).collect::<Vec<_>>().leak();
    Box::leak(Box::new(Function { name, module, file: "src/lib.rs", line: 1, column: 1, layers }))
}
