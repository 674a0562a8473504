//! The program's policies by name.

use std::collections::{BTreeMap, BTreeSet};

use super::Describe;
use super::function::{Entry, Function};
use crate::Layer;

/// A policy of the program, and what it can be called by.
pub(crate) struct Named {
    pub(crate) layer: Layer,
    pub(crate) policy: &'static dyn Describe,
    pub(crate) name: &'static str,
    /// `module::name`, for each module with a function that has it.
    paths: BTreeSet<String>,
    /// What it alone is called by.
    pub(crate) address: String,
}

/// What a name stands for.
pub(crate) enum Found<'a> {
    One(&'a Named),
    /// The addresses that tell them apart.
    Several(Vec<&'a str>),
    Nothing,
}

/// Who has a policy: its layer, and where it is. Functions that share it name the same place.
type Identity = (&'static str, usize);

pub(crate) fn identity(layer: Layer, policy: &'static dyn Describe) -> Identity {
    (layer.as_str(), std::ptr::from_ref(policy).cast::<()>().addr())
}

/// All policies that the program keeps, in the order of the functions and their stacks.
pub(crate) fn of(functions: &[&'static Function]) -> Vec<Named> {
    let mut places: BTreeMap<Identity, usize> = BTreeMap::new();
    let mut policies: Vec<Named> = Vec::new();
    for function in functions {
        for (layer, policy) in function.layers.iter().flat_map(Entry::policies) {
            let next = policies.len();
            let place = *places.entry(identity(layer, policy)).or_insert(next);
            if place == next {
                let (name, address) = (policy.name(), String::new());
                policies.push(Named { layer, policy, name, paths: BTreeSet::new(), address });
            }
            if let Some(named) = policies.get_mut(place) {
                named.paths.insert(format!("{}::{}", function.module, named.name));
            }
        }
    }
    address(&mut policies);
    policies
}

/// Gives every policy what it alone is called by: its name, else a path, else a path and a number.
fn address(policies: &mut [Named]) {
    let mut owners: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (index, policy) in policies.iter().enumerate() {
        let names = policy.paths.iter().cloned().chain([policy.name.to_owned()]);
        names.for_each(|name| owners.entry((policy.layer.as_str(), name)).or_default().push(index));
    }
    for (index, policy) in policies.iter_mut().enumerate() {
        let owners = |name: &str| owners.get(&(policy.layer.as_str(), name.to_owned())).map_or(&[][..], Vec::as_slice);
        let alone = |name: &&str| owners(name).len() == 1;
        let names = || [policy.name].into_iter().chain(policy.paths.iter().map(String::as_str));
        policy.address = match (names().find(alone), policy.paths.first()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(path)) => {
                let number = owners(path).iter().take_while(|owner| **owner < index).count() + 1;
                format!("{path}#{number}")
            }
            (None, None) => policy.name.to_owned(),
        };
    }
}

impl Named {
    fn is_called(&self, written: &str, alike: fn(&str, &str) -> bool) -> bool {
        let names = [self.name, &self.address].into_iter().chain(self.paths.iter().map(String::as_str));
        names.into_iter().any(|name| alike(name, written))
    }
}

/// How a written name is held against a policy's.
pub(crate) fn exactly(name: &str, written: &str) -> bool {
    name == written
}

/// As an environment variable can write it: without case, and with one underscore for whatever is
/// neither letter nor digit.
pub(crate) fn loosely(name: &str, written: &str) -> bool {
    loose(name) == loose(written)
}

fn loose(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// The policy that a name stands for.
pub(crate) fn find<'a>(policies: &[&'a Named], written: &str, alike: fn(&str, &str) -> bool) -> Found<'a> {
    let found: Vec<_> = policies.iter().filter(|policy| policy.is_called(written, alike)).collect();
    match found.as_slice() {
        [] => Found::Nothing,
        [one] => Found::One(one),
        several => match several.iter().find(|policy| policy.address == written) {
            Some(one) => Found::One(one),
            None => Found::Several(several.iter().map(|policy| policy.address.as_str()).collect()),
        },
    }
}
