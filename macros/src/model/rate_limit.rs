//! `#[rate_limit]`.

use quote::quote;
use syn::{Expr, ExprLit, Lit};

use super::{Own, Policy, Steps, refuse_constant, refuse_zero};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::{Number, Settings, Value};

pub(crate) struct RateLimit {
    pub(crate) policy: Policy,
    /// A limit for each of these.
    pub(crate) key: Option<Expr>,
    /// The steps of what holds the keys.
    pub(crate) keyed: Steps,
    pub(crate) cost: Option<Expr>,
}

impl RateLimit {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Option<Self> {
        let key = settings.expr("key");
        if let Some(key) = &key {
            refuse_constant("key", key, function, "so all calls would have one limit", errors);
        }
        refuse_impossible_cost(settings, errors);
        let policy = match &settings.leading {
            Some(shared) => Policy::Shared(Box::new(shared.clone())),
            None => Policy::Own(own(settings, errors)?),
        };
        Some(Self { policy, key, keyed: Steps::of(settings, &["max_keys"]), cost: settings.expr("cost") })
    }

    /// Whether each call costs one, and all have one limit.
    pub(crate) fn is_plain(&self) -> bool {
        self.key.is_none() && self.cost.is_none()
    }

    /// Whether nothing that takes time comes before the question: its key and its cost are there already.
    pub(crate) fn asks_at_once(&self) -> bool {
        self.key.iter().chain(&self.cost).all(is_there)
    }
}

fn is_there(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_there(&field.base),
        Expr::Reference(reference) => is_there(&reference.expr),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_there),
        _ => false,
    }
}

fn own(settings: &Settings, errors: &mut Errors) -> Option<Own> {
    refuse_zero(settings, &["period"], errors);
    refuse_mixed(settings, errors);
    refuse_keys_without_key(settings, errors);
    let steps = Steps::of(settings, &["max_wait", "downstream"]);
    Some(match settings.value("rate") {
        Some(Value::Rate { calls, per }) => {
            let per = crate::settings::literal_time(*per);
            let burst = settings.number("burst").map_or(quote!(#calls), |burst| quote!(#burst));
            Own { constructor: "rate", args: quote!(#calls, #per, #burst), steps }
        }
        _ => {
            let (calls, period) = (settings.number("max_calls")?, settings.time("period")?);
            Own { constructor: "window", args: quote!(#calls, #period), steps }
        }
    })
}

/// A literal that the limit never has free, or that is no cost.
fn refuse_impossible_cost(settings: &Settings, errors: &mut Errors) {
    let Some(Expr::Lit(ExprLit { lit: Lit::Int(literal), .. })) = settings.expr("cost") else { return };
    let Ok(cost) = literal.base10_parse::<u64>() else { return };
    if cost == 0 {
        errors.at(
            &literal,
            "a `cost` of zero: the limiter would let every call through",
            "leave `cost` out, and each call costs 1; or leave `#[rate_limit]` out",
        );
    }
    let most = match settings.value("rate") {
        Some(Value::Rate { calls, .. }) if !settings.mentions("burst") => Some(("burst", u64::from(*calls))),
        Some(_) => literal_of(settings, "burst"),
        None => literal_of(settings, "max_calls"),
    };
    if let Some((name, most)) = most.filter(|(_, most)| cost > *most) {
        errors.at(
            &literal,
            format!("a call costs {cost}, and the limit never has more than {most} free (`{name}`): it would refuse every call"),
            format!("write `{name} = {cost}` at least, or a lower `cost`"),
        );
    }
}

fn literal_of(settings: &Settings, name: &'static str) -> Option<(&'static str, u64)> {
    match settings.number(name) {
        Some(Number::Literal(value)) => Some((name, value)),
        _ => None,
    }
}

fn refuse_keys_without_key(settings: &Settings, errors: &mut Errors) {
    if settings.has("max_keys") && !settings.mentions("key") && settings.lacks(1) {
        errors.at(
            settings.tokens("max_keys"),
            "`max_keys` without `key`: there are no keys to be counted",
            "add `key = ..` with what tells the limits apart",
        );
    }
}

fn refuse_mixed(settings: &Settings, errors: &mut Errors) {
    let window = settings.mentions("max_calls") || settings.mentions("period");
    if settings.mentions("rate") && window {
        let other = if settings.mentions("max_calls") { "max_calls" } else { "period" };
        errors.at(
            settings.tokens(other),
            format!("`{other}` and `rate` are two ways to limit: an exact window, and a smoothed rate"),
            "keep `max_calls` with `period` for never more than N in any period, or `rate` with `burst` for an even flow",
        );
    } else if !settings.mentions("rate") && settings.lacks(1) {
        refuse_half_a_window(settings, errors);
    }
}

fn refuse_half_a_window(settings: &Settings, errors: &mut Errors) {
    if settings.mentions("burst") {
        errors.at(
            settings.tokens("burst"),
            "`burst` belongs to `rate`; a window has none",
            "write `rate = \"100/1m\", burst = 10`, or leave `burst` out",
        );
    } else if settings.mentions("max_calls") != settings.mentions("period") {
        let (there, what, help) = match settings.mentions("max_calls") {
            true => ("max_calls", "`max_calls` without `period`: in what time?", "add `period = \"1m\"`"),
            false => ("period", "`period` without `max_calls`: how many calls in that time?", "add `max_calls = 100`"),
        };
        errors.at(settings.tokens(there), what, help);
    } else if !settings.mentions("max_calls") {
        errors.at(
            &settings.place,
            "`#[rate_limit]` does not say how many calls are allowed",
            "write `max_calls = 100, period = \"1m\"`, or `rate = \"100/1m\"`, or name a shared limiter",
        );
    }
}
