//! `#[retry]`.

use std::time::Duration;

use quote::{ToTokens, format_ident, quote};
use syn::{Expr, Ident};

use super::{Classify, Steps, refuse_zero};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::{Settings, Value};

pub(crate) struct Retry {
    pub(crate) steps: Steps,
    pub(crate) classify: Classify,
    pub(crate) repeatable: Repeatable,
    pub(crate) clone: Vec<Ident>,
    pub(crate) attempt: Option<Ident>,
}

/// The ends of the schedule where a policy sets only one of them.
const DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Why running the function twice is safe.
pub(crate) enum Repeatable {
    /// It is not said to be.
    Off,
    /// It only reads.
    Reads,
    /// Every attempt carries the claim's downstream key.
    Claim(Ident),
}

impl Retry {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Self {
        refuse_schedule(settings, errors);
        refuse_zero(settings, &["max_elapsed", "max_delay"], errors);
        let repeatable = match settings.value("repeatable") {
            Some(Value::Name(claim)) => Repeatable::Claim(claim.clone()),
            Some(_) => Repeatable::Reads,
            None => Repeatable::Off,
        };
        let clone = clones(settings, function, errors);
        refuse_mutable(function, &clone, errors);
        Self {
            steps: steps(settings, &repeatable),
            classify: Classify::of(settings, errors),
            repeatable,
            clone,
            attempt: settings.name("attempt"),
        }
    }
}

fn steps(settings: &Settings, repeatable: &Repeatable) -> Steps {
    let mut steps = Steps::of(settings, &["max_attempts", "delay", "backoff", "max_delay"]);
    if let Some(Value::Times(times)) = settings.value("delays") {
        steps.add("delays", quote!(&[#(#times),*]));
    }
    if let Some(jitter) = settings.choice("jitter") {
        let mut name = jitter.word;
        name[..1].make_ascii_uppercase();
        let jitter = format_ident!("{name}");
        steps.add_inside("jitter", quote!(Jitter::#jitter));
    }
    if let Some(limit) = settings.time("max_elapsed") {
        steps.add("max_elapsed", limit);
    }
    if let Some(Value::Path(path)) = settings.value("on_retry") {
        steps.add("on_retry", path);
    }
    if !matches!(repeatable, Repeatable::Off) {
        steps.add("repeatable", quote!());
    }
    steps
}

fn refuse_schedule(settings: &Settings, errors: &mut Errors) {
    for other in ["delay", "backoff", "max_delay"] {
        if settings.has("delays") && settings.has(other) {
            errors.at(
                settings.tokens(other),
                format!("`{other}` and `delays` both say how long to pause"),
                "keep `delays` for pauses written out, or the others for growing ones",
            );
        }
    }
    let literal = |name: &str, default: Duration| settings.time(name).map_or(Some(default), |time| time.literal());
    if let (Some(delay), Some(cap)) = (literal("delay", DELAY), literal("max_delay", MAX_DELAY))
        && delay > cap
    {
        let at = if settings.has("delay") { "delay" } else { "max_delay" };
        errors.at(
            settings.tokens(at),
            format!("`delay` ({delay:?}) is longer than `max_delay` ({cap:?}), so every pause would be cut"),
            "raise `max_delay`, or shorten `delay`",
        );
    }
}

fn clones(settings: &Settings, function: &Function, errors: &mut Errors) -> Vec<Ident> {
    let parameters = function.parameters();
    let mut names = Vec::new();
    for item in settings.list("clone") {
        let name = name_of(&item).filter(|name| parameters.iter().any(|p| p.name == *name));
        match name {
            Some(name) => names.push(name),
            None => errors.at(
                &item,
                format!("`clone({})` names no parameter of `{}`", item.to_token_stream(), function.sig.ident),
                function.parameter_list(),
            ),
        }
    }
    names
}

fn name_of(expr: &Expr) -> Option<Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
}

/// A change that one attempt makes to an argument would be there for the next.
fn refuse_mutable(function: &Function, clone: &[Ident], errors: &mut Errors) {
    for parameter in function.parameters() {
        if parameter.mutable && !clone.contains(&parameter.name) {
            let name = &parameter.name;
            errors.at(
                name,
                format!("`mut {name}` under `#[retry]`: what one attempt changes, the next one would see"),
                format!("give each attempt its own: `clone({name})` in `#[retry]`, or `let mut {name} = {name}.clone()` in the body"),
            );
        }
    }
}
