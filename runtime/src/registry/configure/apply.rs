//! Checks a configuration as a whole, and only then puts it in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::configuration::Section;
use super::{Configuration, ConfigureErrors, SectionError};
use crate::registry::nearest::{did_you_mean, known};
use crate::registry::policies::{self, Found, Named};
use crate::registry::{Describe, Function, functions};
use crate::{ConfigureError, Layer, observe, scope};

/// Puts settings from outside in force over those in the source, by the policies' names.
///
/// It is called once, at start-up, before the first call. All of the configuration is checked first,
/// each value as the attribute's macro checks it and each function's stack as a whole (a lease must
/// not be shorter than a timeout below it); when anything is wrong, all that is wrong is reported, and
/// nothing is put in force. A policy that exists only with an instance (`self.breaker`) has no place
/// in it: it is built with its settings.
///
/// [Names](crate::registry#names) says what a policy is called.
///
/// ```no_run
/// use steadfast::Configuration;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let file: Configuration = toml::from_str(&std::fs::read_to_string("steadfast.toml")?)?;
///     steadfast::configure(&file.merge(Configuration::from_vars("STEADFAST", std::env::vars_os())))?;
///     // serve ..
///     Ok(())
/// }
/// ```
///
/// # Errors
/// Attributes and policies that do not exist, with those that do; settings that do not exist or have
/// values that they cannot have; policies that were configured before.
pub fn configure(configuration: &Configuration) -> Result<(), ConfigureErrors> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    apply(configuration, &functions())
}

/// The policies that took settings here. A policy says by itself that it was configured before, but
/// only when it is too late to leave the others as they are.
static TAKEN: Mutex<BTreeSet<(&'static str, usize)>> = Mutex::new(BTreeSet::new());

/// What is to become of one policy.
struct Plan<'a> {
    named: &'a Named,
    section: String,
    settings: Map<String, Value>,
    trial: Option<Box<dyn Describe>>,
}

pub(super) fn apply(configuration: &Configuration, functions: &[&'static Function]) -> Result<(), ConfigureErrors> {
    let policies = policies::of(functions);
    let mut errors = Vec::new();
    let mut plans = plans(configuration, &policies, &mut errors);
    plans.values_mut().for_each(|plan| plan.check(&mut errors));
    functions.iter().for_each(|function| leases(function, &plans, &mut errors));
    if errors.is_empty() {
        plans.values().for_each(|plan| plan.put_in_force(&mut errors));
    }
    if errors.is_empty() { Ok(()) } else { Err(ConfigureErrors(errors)) }
}

type Plans<'a> = BTreeMap<(&'static str, usize), Plan<'a>>;

/// The settings of each policy, the later source over the earlier one.
fn plans<'a>(configuration: &Configuration, policies: &'a [Named], errors: &mut Vec<SectionError>) -> Plans<'a> {
    let mut plans = Plans::new();
    for section in &configuration.sections {
        match section.find(policies) {
            Err(message) => errors.push(SectionError { section: section.place(), message }),
            Ok(named) => {
                let key = policies::identity(named.layer, named.policy);
                let new = || Plan {
                    named,
                    section: format!("{}.{}", named.layer.as_str(), named.address),
                    settings: Map::new(),
                    trial: None,
                };
                plans.entry(key).or_insert_with(new).settings.extend(section.settings.clone());
            }
        }
    }
    plans
}

impl Section {
    /// How an error calls it.
    fn place(&self) -> String {
        self.variable.clone().unwrap_or_else(|| format!("{}.{}", self.attribute, self.name))
    }

    /// The policy that it is for.
    fn find<'a>(&self, policies: &'a [Named]) -> Result<&'a Named, String> {
        if let Some(why) = self.unreadable {
            return Err(why.to_owned());
        }
        let (written, name) = (&self.attribute, &self.name);
        let Some(layer) = Layer::ALL.iter().find(|layer| layer.as_str() == written) else {
            let all: Vec<_> = Layer::ALL.iter().map(|layer| layer.as_str()).collect();
            let meant = did_you_mean(written, all.iter().copied());
            return Err(format!("no attribute is called `{written}`{meant}; {}", known(&all)));
        };
        let of_layer: Vec<&Named> = policies.iter().filter(|policy| policy.layer == *layer).collect();
        let alike = if self.variable.is_some() { policies::loosely } else { policies::exactly };
        match policies::find(&of_layer, name, alike) {
            Found::One(policy) => Ok(policy),
            Found::Several(others) => {
                Err(format!("several policies of `{layer}` are called `{name}`; {}", known(&others)))
            }
            Found::Nothing => {
                let mut names: Vec<_> = of_layer.iter().map(|policy| policy.address.as_str()).collect();
                names.sort_unstable();
                let meant = did_you_mean(name, names.iter().copied());
                Err(format!("no {layer} is called `{name}`{meant}; {}", known(&names)))
            }
        }
    }
}

impl Plan<'_> {
    /// Tries the settings on a copy, which then shows what the policy would be.
    fn check(&mut self, errors: &mut Vec<SectionError>) {
        match self.tried() {
            Ok(trial) => self.trial = Some(trial),
            Err(error) => {
                let each = self.each_by_itself();
                let wrong = if each.is_empty() || error == ConfigureError::Again { vec![error] } else { each };
                errors.extend(wrong.iter().map(|error| self.error(error)));
            }
        }
    }

    fn tried(&self) -> Result<Box<dyn Describe>, ConfigureError> {
        if TAKEN.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.identity()) {
            return Err(ConfigureError::Again);
        }
        tried(self.named.policy, self.settings.clone())
    }

    fn identity(&self) -> (&'static str, usize) {
        policies::identity(self.named.layer, self.named.policy)
    }

    /// A policy stops reading at its first mistake; asked for one setting at a time, it tells all.
    fn each_by_itself(&self) -> Vec<ConfigureError> {
        let single = |(name, value): (&String, &Value)| Map::from_iter([(name.clone(), value.clone())]);
        let settings = self.settings.iter().map(single);
        let mut wrong: Vec<_> = settings.filter_map(|one| tried(self.named.policy, one).err()).collect();
        wrong.dedup();
        wrong
    }

    fn put_in_force(&self, errors: &mut Vec<SectionError>) {
        match self.named.policy.configure(&Value::Object(self.settings.clone())) {
            Ok(()) => {
                if !scope::is_entered() {
                    TAKEN.lock().unwrap_or_else(PoisonError::into_inner).insert(self.identity());
                }
                observe::configured(self.named.layer, self.named.name);
            }
            Err(error) => errors.push(self.error(&error)),
        }
    }

    fn error(&self, error: &ConfigureError) -> SectionError {
        SectionError { section: self.section.clone(), message: error.to_string() }
    }
}

fn tried(policy: &'static dyn Describe, settings: Map<String, Value>) -> Result<Box<dyn Describe>, ConfigureError> {
    let trial = policy.trial().ok_or(ConfigureError::Fixed)?;
    // Itself, and not a test's copy of it.
    scope::outside(|| trial.configure(&Value::Object(settings)))?;
    Ok(trial)
}

/// A lease that would end while the work below is still allowed to run; the macro says the same of
/// what is written on the attributes.
fn leases(function: &Function, plans: &Plans<'_>, errors: &mut Vec<SectionError>) {
    let stack: Vec<_> = function.layers.iter().filter_map(|entry| Some((entry.layer, entry.policy.get()?))).collect();
    for (index, (layer, policy)) in stack.iter().enumerate() {
        let below = stack.iter().skip(index + 1);
        let Some(lease) = settled(plans, *layer, *policy).0.lease() else { continue };
        for (below, limiting) in below {
            let (limited, changed) = settled(plans, *below, *limiting);
            let changed = changed.or(settled(plans, *layer, *policy).1);
            if let (Some(limit), Some(plan)) = (limited.limit(), changed)
                && lease < limit
            {
                errors.push(SectionError {
                    section: plan.section.clone(),
                    message: format!(
                        "in `{}::{}`, the lease ({lease:?}) would be shorter than the timeout below it ({limit:?}): another call could take the key over while this one still runs",
                        function.module, function.name
                    ),
                });
            }
        }
    }
}

/// A policy as it would be, and the plan that changes it.
fn settled<'a>(
    plans: &'a Plans<'_>,
    layer: Layer,
    policy: &'static dyn Describe,
) -> (&'a dyn Describe, Option<&'a Plan<'a>>) {
    match plans.get(&policies::identity(layer, policy)) {
        Some(plan) => (plan.trial.as_deref().unwrap_or(policy), Some(plan)),
        None => (policy, None),
    }
}
