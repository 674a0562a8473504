//! `#[circuit_breaker]`.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::Expr;

use super::{Classify, Own, Policy, Steps, refuse_constant, refuse_zero};
use crate::errors::Errors;
use crate::item::Function;
use crate::settings::{Number, Settings, Value};

pub(crate) struct CircuitBreaker {
    pub(crate) policy: Policy,
    /// A state for each of these.
    pub(crate) key: Option<Expr>,
    /// The steps of what holds the keys.
    pub(crate) keyed: Steps,
    pub(crate) classify: Classify,
}

/// The settings of a breaker that opens by rate.
const BY_RATE: [&str; 5] = ["failure_rate", "window", "minimum_calls", "slow_call", "slow_rate"];

impl CircuitBreaker {
    pub(super) fn parse(settings: &Settings, function: &Function, errors: &mut Errors) -> Self {
        let key = settings.expr("key");
        if let Some(key) = &key {
            refuse_constant("key", key, function, "so all calls would have one breaker", errors);
        }
        let classify = Classify::of(settings, errors);
        let keyed = Steps::of(settings, &["max_keys"]);
        let policy = match &settings.leading {
            Some(shared) => Policy::Shared(Box::new(shared.clone())),
            None => {
                refuse_zero(settings, &["recovery_timeout", "window", "slow_call"], errors);
                refuse_both_kinds(settings, errors);
                refuse_alone(settings, errors);
                refuse_misfits(settings, errors);
                Policy::Own(Own { constructor: "new", args: TokenStream::new(), steps: steps(settings) })
            }
        };
        Self { policy, key, keyed, classify }
    }
}

fn steps(settings: &Settings) -> Steps {
    let mut steps = Steps::of(settings, &["failure_threshold", "failure_rate"]);
    match settings.value("window") {
        Some(Value::Number(calls)) => steps.add("window_calls", calls),
        Some(Value::Time(time)) => steps.add("window", time),
        _ => {}
    }
    // A step that needs another comes after it.
    steps.extend(Steps::of(
        settings,
        &[
            "minimum_calls",
            "slow_call",
            "slow_rate",
            "recovery_timeout",
            "recovery_backoff",
            "max_recovery_timeout",
            "half_open_max_calls",
            "success_threshold",
        ],
    ));
    steps
}

fn refuse_both_kinds(settings: &Settings, errors: &mut Errors) {
    if !settings.mentions("failure_threshold") {
        return;
    }
    if let Some(by_rate) = BY_RATE.into_iter().find(|name| settings.mentions(name)) {
        errors.at(
            settings.tokens(by_rate),
            format!("`{by_rate}` opens the circuit by rate, and `failure_threshold` after failures in a row: it takes one of the two"),
            "take `failure_threshold` away, or everything about the rate",
        );
    }
}

/// Settings that mean nothing without another.
fn refuse_alone(settings: &Settings, errors: &mut Errors) {
    const NEEDED: [(&str, &str, &str, &str); 3] = [
        ("slow_rate", "slow_call", "from how long on is a call slow?", "add `slow_call = \"2s\"`"),
        (
            "max_recovery_timeout",
            "recovery_backoff",
            "every recovery takes the same time",
            "add `recovery_backoff = 2.0`, or set `recovery_timeout` alone",
        ),
        ("max_keys", "key", "there are no keys to be counted", "add `key = ..` with what tells the breakers apart"),
    ];
    for (name, needs, why, help) in NEEDED {
        if settings.has(name) && !settings.mentions(needs) && settings.lacks(1) {
            errors.at(settings.tokens(name), format!("`{name}` without `{needs}`: {why}"), help);
        }
    }
}

/// Literals that do not fit each other.
fn refuse_misfits(settings: &Settings, errors: &mut Errors) {
    if let (Some(Number::Literal(calls)), Some(Number::Literal(minimum))) =
        (settings.number("window"), settings.number("minimum_calls"))
        && minimum > calls
    {
        errors.at(
            settings.tokens("minimum_calls"),
            format!("`minimum_calls` of {minimum} in a window of {calls} calls: the rate would never be known"),
            format!("write `minimum_calls = {calls}` at most, or a larger `window`"),
        );
    }
    let time = |name| settings.time(name).and_then(|time| time.literal());
    let shortest = match settings.mentions("recovery_timeout") {
        true => time("recovery_timeout"),
        false => Some(Duration::from_secs(30)),
    };
    if let (Some(shortest), Some(longest)) = (shortest, time("max_recovery_timeout"))
        && longest < shortest
    {
        errors.at(
            settings.tokens("max_recovery_timeout"),
            format!("the longest recovery ({longest:?}) is shorter than the first (`recovery_timeout`, {shortest:?})"),
            "give `max_recovery_timeout` more, or shorten `recovery_timeout`",
        );
    }
}
