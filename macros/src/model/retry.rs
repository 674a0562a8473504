//! `#[retry]`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, Ident};

use super::{Classify, Own, Policy, Steps, clones, refuse_zero};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::{Settings, Value};

pub(crate) struct Retry {
    pub(crate) policy: Policy,
    /// What the call brings beside a shared policy.
    pub(crate) beside: Steps,
    pub(crate) budget: Option<Expr>,
    pub(crate) schedule: Option<Expr>,
    pub(crate) classify: Classify,
    pub(crate) repeatable: Repeatable,
    pub(crate) clone: Vec<Ident>,
    pub(crate) attempt: Option<Ident>,
    pub(crate) deadline: Option<Ident>,
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
        refuse_bare_budget(settings, errors);
        let clone = clones(settings, function, errors);
        refuse_mutable(function, &clone, errors);
        let call = call(settings, &repeatable);
        let (policy, beside) = match &settings.leading {
            Some(shared) => (Policy::Shared(Box::new(shared.clone())), call),
            None => (Policy::Own(own(settings, call)), Steps::default()),
        };
        Self {
            policy,
            beside,
            budget: settings.expr("budget"),
            schedule: settings.expr("schedule"),
            classify: Classify::of(settings, errors),
            repeatable,
            clone,
            attempt: settings.name("attempt"),
            deadline: settings.name("deadline"),
        }
    }
}

/// What belongs to the call, though a policy of its own can hold it.
fn call(settings: &Settings, repeatable: &Repeatable) -> Steps {
    let mut steps = Steps::of(settings, &["on_retry"]);
    if !matches!(repeatable, Repeatable::Off) {
        steps.add("repeatable", quote!());
    }
    steps
}

fn own(settings: &Settings, call: Steps) -> Own {
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
    steps.append(call);
    Own { constructor: "new", args: TokenStream::new(), steps }
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
    for other in ["delay", "backoff", "delays", "jitter"] {
        if settings.has("schedule") && settings.has(other) {
            errors.at(
                settings.tokens(other),
                format!("`{other}` and `schedule` both say how long to pause, and the schedule alone would be asked"),
                format!("leave `{other}` out; `max_delay` may stand beside a schedule, and cuts its pauses"),
            );
            return;
        }
    }
    if settings.has("schedule") {
        return;
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

/// A budget of one function's own would hold nobody else's retries.
fn refuse_bare_budget(settings: &Settings, errors: &mut Errors) {
    if let Some(budget @ Expr::Lit(_)) = settings.expr("budget") {
        errors.at(
            &budget,
            "`budget` takes a `RetryBudget` that functions share, not a value of this one's own",
            "make one, `static GATEWAY_RETRIES: RetryBudget = RetryBudget::new(\"gateway\").ratio(0.1);`, and name it: `budget = GATEWAY_RETRIES`",
        );
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
